"""The sentence of one step of the root: what it read, asked, printed and met, in the order in which it happened."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.story.traced import Brief, Happening, Json, Traced
from frontend.story.words import Clause, Part, Sentence, counted, joined, plain, said, short_model

LOOKS = ("peek", "slice")
"""Ways of reading that code chose by position."""
Clauses = list[Clause]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, taken apart."""

    traced: Traced
    name: str
    """“Step 3”"""
    node: Brief
    replies: list[Brief]
    cells: list[Brief]
    gates: list[Brief]
    calls: list[Brief]
    """Made by its cells: `lm` and `rlm` nodes."""
    happenings: list[Happening]
    """Of the step itself and of all below it."""

    @property
    def is_running(self) -> bool:
        return self.node.status == "running"

    def asked(self, kind: str) -> list[Brief]:
        return [call for call in self.calls if call.kind == kind]


def take_apart(traced: Traced, node: Brief, name: str, happenings: list[Happening]) -> Step:
    cells = traced.of(node, "cell")
    return Step(
        traced=traced,
        name=name,
        node=node,
        replies=traced.of(node, "lm"),
        cells=cells,
        gates=traced.of(node, "gate"),
        calls=[call for cell in cells for call in traced.of(cell, "lm", "rlm")],
        happenings=happenings,
    )


def sentence(step: Step) -> Sentence:
    node = step.node
    clauses = _summing_up(step) or [
        *_replying(step),
        *_reading(step),
        *_asking(step),
        *_giving_parts(step),
        *_printing(step),
        *_breaking(step),
        *_answering(step),
        *_raising(step),
    ]
    if not clauses:
        clauses = [plain("is at work" if step.is_running else _idle(step))]
    name = Part(text=step.name, node=node.number)
    parts = [name, Part(text=" "), *joined(clauses), Part(text=" …" if step.is_running else ".")]
    return Sentence(
        node=node.number,
        kind=_kind(step),
        parts=tuple(parts),
        start=node.start,
        seconds=None if node.end is None else node.end - node.start,
        usd=node.usd,
        running=step.is_running,
    )


def _kind(step: Step) -> str:
    if step.gates:
        return "gate"
    if step.asked("rlm"):
        return "rlm"
    if step.calls:
        return "lm"
    return "cell" if step.cells else "step"


def _idle(step: Step) -> str:
    if step.node.status == "cancelled":
        return "was stopped"
    return "ran code that printed nothing" if step.cells else "replied without code"


# ------------------------------------------------------------------------------------------------ the reply


def _summing_up(step: Step) -> Clauses:
    detail = step.traced.detail(step.node)
    if not detail.get("compaction"):
        return []
    if step.node.status == "failed":
        return [plain("could not sum up the history; it stays as it is")]
    before, after = detail.get("tokens_before"), detail.get("tokens_after")
    shrunk = f" from some {before:,} to {after:,} tokens" if before and after else ""
    return [plain(f"summed up the history{shrunk}")]


def _replying(step: Step) -> Clauses:
    """What was wrong with the root's own replies."""
    clauses: Clauses = []
    for reply in step.replies:
        detail = step.traced.detail(reply)
        tries = reply.attempt or len(detail.get("retries") or ()) + 1
        if reply.status == "failed":
            why = said(str((detail.get("error") or {}).get("message", ""))) or "no reason was given"
            clauses.append([Part(text="got no reply from the model: "), Part(text=why, node=reply.number)])
        elif tries > 1:
            clauses.append(
                [Part(text="needed "), Part(text=f"{tries:,} tries", node=reply.number), Part(text=" for its reply")]
            )
        if detail.get("finish_reason") == "length":
            clauses.append(
                [Part(text="had "), Part(text="its reply cut", node=reply.number), Part(text=" at the length limit")]
            )
    return clauses


# ------------------------------------------------------------------------------------------------ reading and printing


def _reading(step: Step) -> Clauses:
    looked, found = Counter[str](), Counter[str]()
    for cell in step.cells:
        for read in step.traced.detail(cell).get("reads") or []:
            if read["how"] in LOOKS:
                looked[read["document"]] += read["end"] - read["start"]
            elif read["how"] == "grep":
                found[read["document"]] += 1
    names = step.traced.document_names
    clauses: Clauses = []
    if looked:
        clauses.append(plain(f"read {counted(looked.total(), 'character')} of {_documents(looked, names)}"))
    if found:
        clauses.append(plain(f"found {counted(found.total(), 'place')} in {_documents(found, names)}"))
    return clauses or _called(step)


def _documents(found: Iterable[str], names: Any) -> str:
    found = list(found)
    return f"{len(found):,} documents" if len(found) > 1 else names.get(str(found[0]), "the document")


def _called(step: Step) -> Clauses:
    """What the code called, where no read was recorded."""
    label = str(step.traced.detail(step.node).get("label") or "")
    searched = [name for name in ("grep", "peek") if name in label]
    if searched == ["grep"]:
        return [[Part(text="searched with "), Part(text="grep", code=True), Part(text=" and found nothing")]]
    return [plain("looked at the beginning")] if searched else []


def _printing(step: Step) -> Clauses:
    details = [step.traced.detail(cell) for cell in step.cells]
    shown = sum(int(detail.get("shown_chars") or 0) for detail in details)
    printed = sum(int(detail.get("stdout_chars") or 0) for detail in details)
    if not shown:
        return []
    return [
        plain(
            f"printed {shown:,} of {counted(printed, 'character')}"
            if printed > shown
            else f"printed {counted(shown, 'character')}"
        )
    ]


# ------------------------------------------------------------------------------------------------ asking


def _asking(step: Step) -> Clauses:
    """Questions to models, one clause for each model, with how they went."""
    calls = step.asked("lm")
    again = _asked_again(step)
    clauses: Clauses = []
    for model in dict.fromkeys(call.model for call in calls):
        group = [call for call in calls if call.model == model]
        questions = len(group) - again[model]
        if questions <= 0:
            continue
        verb = "is asking" if any(call.status == "running" for call in group) else "asked"
        clause = plain(f"{verb} {short_model(model)} ")
        clause.append(Part(text=counted(questions, "question"), node=group[0].number))
        clauses.append([*clause, *_outcomes(group)])
    return clauses + _mending(step)


def _outcomes(group: Sequence[Brief]) -> Clause:
    """“, 40 of them answered so far”, “ (4 failed, 7 needed several tries)”"""
    if any(call.status == "running" for call in group):
        done = sum(call.status != "running" for call in group)
        return plain(f", {done:,} of them answered so far")
    told: list[Clause] = []
    failed = [call for call in group if call.status == "failed"]
    stopped = [call for call in group if call.status == "cancelled"]
    tried = [call for call in group if call.status == "succeeded" and (call.attempt or 1) > 1]
    for some, words in ((failed, "got no answer"), (stopped, "stopped"), (tried, "needed several tries")):
        if some:
            told.append([Part(text=f"{len(some):,} {words}", node=some[0].number)])
    return [Part(text=" ("), *_commas(told), Part(text=")")] if told else []


def _commas(clauses: Sequence[Clause]) -> Clause:
    return [part for index, clause in enumerate(clauses) for part in ([Part(text=", ")] if index else []) + clause]


def _asked_again(step: Step) -> Counter[str]:
    """Calls to each model that repeat a question: after a repair, or because the model below was not good enough."""
    own = {call.number: call for call in step.calls}
    again: Counter[str] = Counter()
    for each in step.happenings:
        if each.node in own and each.type == "call.repaired":
            again[own[each.node].model] += 1
        elif each.node in own and each.type == "tier.raised":
            again[str(each.data.get("to"))] += 1
    return again


def _mending(step: Step) -> Clauses:
    """Replies that were sent back to their model, and questions that went to the next one."""
    replies = {reply.number for reply in step.replies}
    repaired = [each for each in step.happenings if each.type == "call.repaired"]
    raised = [each for each in step.happenings if each.type == "tier.raised" and not _is_of_root(step, each, replies)]
    clauses: Clauses = []
    if repaired:
        words = counted(len(repaired), "reply").replace("replys", "replies")
        clauses.append([Part(text="had "), Part(text=words, node=repaired[0].node), Part(text=" repaired")])
    for to in dict.fromkeys(str(each.data.get("to") or "") for each in raised):
        moved = [each for each in raised if each.data.get("to") == to]
        words = counted(len(moved), "question")
        clauses.append(
            [
                Part(text=f"gave {short_model(to)} "),
                Part(text=words, node=moved[0].node),
                Part(text=" that others had failed"),
            ]
        )
    return clauses


def _is_of_root(step: Step, each: Happening, replies: set[int]) -> bool:
    return each.node == step.node.number or each.node in replies


def _giving_parts(step: Step) -> Clauses:
    """Sub-RLMs, with what went on below them."""
    children = step.asked("rlm")
    if not children:
        return []
    verb = "is giving" if any(child.status == "running" for child in children) else "gave"
    clause = [
        Part(text=f"{verb} "),
        Part(text=counted(len(children), "part"), node=children[0].number),
        Part(text=" to sub-RLMs"),
    ]
    told = _below(step.traced, children)
    limited = [each for each in step.happenings if each.type == "budget.reached" and each.node != step.node.number]
    if limited:
        told.append([Part(text=counted(len(limited), "limit"), node=limited[0].node), Part(text=" reached")])
    return [[*clause, *([Part(text=" ("), *_commas(told), Part(text=")")] if told else [])]]


def _below(traced: Traced, children: Sequence[Brief]) -> list[Clause]:
    """“15 steps, 40 questions, 2 got no answer, 1 failed”"""
    steps, questions, unanswered, deeper = 0, 0, list[Brief](), list[Brief]()
    for child in children:
        for node in traced.below(child):
            steps += node.kind == "step"
            if node.kind == "rlm":
                deeper.append(node)
            if node.kind == "lm" and traced.nodes[node.parent or 0].kind == "cell":
                questions += 1
                if node.status == "failed":
                    unanswered.append(node)
    told: list[Clause] = [plain(counted(steps, "step"))] if steps else []
    told += [plain(counted(questions, "question"))] if questions else []
    told += [[Part(text=f"{len(unanswered):,} without an answer", node=unanswered[0].number)]] if unanswered else []
    told += (
        [[Part(text=counted(len(deeper), "sub-RLM"), node=deeper[0].number), Part(text=" of their own")]]
        if deeper
        else []
    )
    failed = [child for child in children if child.status == "failed"]
    return told + ([[Part(text=f"{len(failed):,} failed", node=failed[0].number)]] if failed else [])


# ------------------------------------------------------------------------------------------------ how it ended


def _breaking(step: Step) -> Clauses:
    clauses: Clauses = []
    for cell in step.cells:
        detail = step.traced.detail(cell)
        error: Json = detail.get("error") or {}
        if error:
            words = said(f"{error.get('kind')}: {error.get('message', '')}")
            clauses.append([Part(text="stopped on "), Part(text=words, code=True, node=cell.number)])
        if detail.get("repl_lost"):
            clauses.append(plain("lost its variables, because the code had to be killed"))
    return clauses


def _answering(step: Step) -> Clauses:
    """The answer it gave, and what the gates said to it."""
    clause = _ending(step)
    clauses: Clauses = []
    for gate in step.gates:
        accepted = step.traced.detail(gate).get("accepted")
        reason = said(str(step.traced.detail(gate).get("reason") or ""))
        link = Part(text=gate.name, node=gate.number)
        if accepted is None:
            clauses.append(
                [
                    Part(text="got no verdict from the gate " if gate.status != "running" else "is before the gate "),
                    link,
                ]
            )
        else:
            verb = "was let through by the gate " if accepted else "was sent back by the gate "
            clauses.append([Part(text=verb), link, *(plain(f": {reason}") if reason and not accepted else [])])
    if clause and clauses:
        return [[*clause, Part(text=", which "), *joined(clauses)]]
    return [clause] if clause else clauses


def _ending(step: Step) -> Clause:
    for cell in step.cells:
        ending: Any = step.traced.detail(cell).get("ending")
        if ending:
            variable = ending.get("variable") if isinstance(ending, dict) else None
            told = [Part(text="gave the answer", node=cell.number)]
            return [*told, Part(text=" from "), Part(text=str(variable), code=True)] if variable else told
    return []


def _raising(step: Step) -> Clauses:
    """The root's own model gave way to the next."""
    replies = {reply.number for reply in step.replies}
    clauses: Clauses = []
    for each in step.happenings:
        if each.type == "tier.raised" and _is_of_root(step, each, replies):
            link = Part(text=short_model(str(each.data.get("to") or "")), node=each.node)
            why = said(str(each.data.get("reason") or ""))
            clauses.append([Part(text="went on with "), link, *(plain(f" ({why})") if why else [])])
    return clauses
