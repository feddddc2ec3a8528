"""Follow-up questions: what of the runs before belongs to a session, read from their records."""

from typing import Any

from trajectories import engine, recorder
from trajectories.models import Node, Run

LONGEST_SESSION = 50
"""Runs in a row."""


class NoSession(ValueError):
    """A run that cannot be gone on from. `str(error)` is one sentence."""


def check(run: Run) -> None:
    """Raises `NoSession` for a run that has no session to go on in."""
    if run.is_live:
        raise NoSession("This run is still at work; ask on when it has ended.")
    if not Node.objects.filter(run=run, kind="lm", status="succeeded", depth=0).exists():
        raise NoSession("This run never got a reply, so there is nothing to go on from. Ask anew.")
    if len(_before(run)) >= LONGEST_SESSION:
        raise NoSession(f"This session has {LONGEST_SESSION} questions already. Begin a new one.")


def earlier_of(run: Run) -> "tuple[engine.Earlier, engine.Recorded] | None":
    """For a run that follows others: their conversation, their cells, and their replies. None for any other run, or
    when what it follows is gone."""
    chain = _before(run)
    if not chain:
        return None
    cells = [cell for each in chain for cell in _cells(each)]
    messages = _conversation(chain[-1])
    turns = max((cell.step for cell in cells), default=0)
    earlier = engine.Earlier(
        session=chain[-1].pk, messages=messages, cells=tuple(cells), turns=max(turns, _turns(messages))
    )
    return earlier, _Replies(chain)


def _before(run: Run) -> list[Run]:
    """The runs that it follows, oldest first."""
    chain: list[Run] = []
    while run.follows and len(chain) < LONGEST_SESSION:
        found = Run.objects.filter(pk=run.follows, owner=run.owner_id).first()
        if found is None:
            break
        chain.insert(0, found)
        run = found
    return chain


def _turns(messages: tuple[engine.Message, ...]) -> int:
    return sum(message.role == "assistant" for message in messages)


def _conversation(run: Run) -> tuple[engine.Message, ...]:
    """All that the root was told and said."""
    root = Node.objects.filter(run=run, kind="rlm", parent=None).order_by("number").last()
    steps = Node.objects.filter(run=run, kind="step", parent=root.number if root else None)
    parents = [*steps.values_list("number", flat=True), *([root.number] if root else [])]
    last = Node.objects.filter(run=run, kind="lm", parent__in=parents, role="root", status="succeeded").order_by(
        "number"
    )
    node = last.last()
    if node is None:
        return ()
    texts = recorder.read_texts(node.texts)
    asked = tuple(engine.Message(role=each["role"], content=each["content"]) for each in texts["request"])
    return (*asked, engine.Message(role="assistant", content=texts.get("response") or "(empty reply)"))


def _cells(run: Run) -> list[engine.EarlierCell]:
    """Of the root, in order, without those that only restored a session."""
    root = Node.objects.filter(run=run, kind="rlm", parent=None).order_by("number").last()
    if root is None:
        return []
    steps = {
        node.number: node for node in Node.objects.filter(run=run, kind="step", parent=root.number).order_by("number")
    }
    found = []
    for cell in Node.objects.filter(run=run, kind="cell", parent__in=[*steps, root.number]).order_by("number"):
        step = steps.get(cell.parent or 0)
        if step is not None and step.data.get("restored"):
            continue
        code = recorder.read_texts({"code": cell.texts["code"]})["code"] if "code" in cell.texts else ""
        told = step.data.get("turn", 0) if step is not None else 0
        found.append(
            engine.EarlierCell(step=told, code=code, variables_hash=str(cell.data.get("variables_hash") or ""))
        )
    return found


class _Replies:
    """Recorded replies of a session's runs. They were paid for then, and count towards no cap now."""

    def __init__(self, runs: list[Run]) -> None:
        nodes = Node.objects.filter(run__in=runs, kind="lm", status="succeeded").exclude(call_key="")
        references: dict[str, Any] = {}
        self._reasons: dict[str, str] = {}
        for key, texts, reason in nodes.order_by("number").values_list("call_key", "texts", "data__finish_reason"):
            if "response" in texts:
                references.setdefault(key, texts["response"])
                self._reasons.setdefault(key, str(reason or "stop"))
        self._texts: dict[str, str] = recorder.read_texts(references)

    def reply(self, call_key: str) -> engine.RecordedReply | None:
        if call_key not in self._texts:
            return None
        reply = engine.Reply(text=self._texts[call_key], finish_reason=self._reasons[call_key], usage=None)
        return engine.RecordedReply(reply=reply, usage=engine.Usage(), cost=engine.Cost())
