"""How often the offline models find the right place: `python -m tests.bench.offline_questions [--engine] [-v]`.

Measured on questions that nobody here wrote (LooGLE, with evidence sentences) and on a few of our own about Debian's
manuals (with a regular expression for the right sentence). A hit in the top k: one of the k best sentences holds 60 %
of the stems of a piece of evidence, or matches the expression. That is "the place was found", not "answered".

Without `--engine` the ranking is measured alone, each text as one passage; with it whole runs are: planner, REPL,
windows, worker, answer. The second table shows what the threshold "not found" costs and gains, with the questions of
one text asked of another.
"""

import argparse
import asyncio
import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trajectories import engine
from trajectories.engine.events import Event
from trajectories.engine.offline import words
from trajectories.engine.offline.extractive import ENOUGH, SENTENCES_A_BLOCK
from trajectories.engine.offline.passage import Passage
from trajectories.engine.offline.question import Question, understand
from trajectories.engine.offline.scoring import Scorer
from trajectories.engine.policy import Policy
from trajectories.engine.text import TextInMemory
from trajectories.engine.types import Connection, Document

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "dev"
LOOGLE = {"short": "loogle_shortdep_qa.jsonl", "long": "loogle_longdep_qa.jsonl"}
OWN = {
    "debian-policy.txt": [
        ("How long may the single line synopsis be?", r"certainly under 80 characters"),
        ("Which encoding must the changelog use?", r"changelog must be encoded in UTF-8"),
        ("What is the purpose of epochs?", r"purpose of epochs is to cope"),
        ("What permissions should /usr/local have if /etc/staff-group-for-usr-local exists?", r"permissions 2775"),
        ("May packages create sub-directories in /usr/local?", r"must not create sub-directories in the directory"),
        ("What is a virtual package?", r"A \*virtual package\* is one which|name which applies to any one"),
        ("What should happen to log files when a package is purged?", r"Log files should be removed when"),
        ("Can a package contain device files?", r"must not include device files"),
        ("What does the Pre-Depends field do?", r"forces \"dpkg\" to complete installation"),
        ("What is the date format in the changelog?", r"The date has the following format"),
        ("Which range of user ids is for dynamically allocated user accounts?", r"1000-59999"),
        ("Should shell scripts use set -e?", r"\"set -e\""),
        ("Must configuration files be kept when a package is removed?", r"configuration files must be preserved when"),
        ("What is the difference between Recommends and Suggests?", r"strong, but not absolute, dependency"),
        ("How are two version numbers compared?", r"first the epoch of each are compared"),
        ("What is a native package?", r"Native packages|software which is written specifically for Debian"),
        ("Where must the copyright file of a package be installed?", r"/usr/share/doc/\"?PACKAGE\"?/copyright"),
        ("What is the main archive area?", r"\*main\* archive area comprises|comprises the Debian distribution"),
        ("Who may be the maintainer of an orphaned package?", r"Debian QA Group"),
        (
            "Which exit status must maintainer scripts return on success?",
            r"zero exit status|exit status of zero|nonzero",
        ),
        ("What does the Essential control field mean?", r"refuse to remove|boolean field|will not remove"),
    ],
    "developers-reference.txt": [
        ("How long must my OpenPGP key be?", r"greater than 2048 bits"),
        ("Which mailing list helps new maintainers?", r"mailing list \"debian-mentors|debian-mentors@lists"),
        ("How do I delay an upload?", r"delayed"),
        ("How do I orphan a package?", r"Debian QA Group|bug report against the pseudo package \"wnpp\""),
        ("What severity must a bug have to be fixed in stable?", r"severity \"important\" or higher"),
        ("What is an NMU?", r"non-maintainer upload|not the (?:package )?maintainer|someone other than|without being"),
    ],
    "debian-faq.en.txt": [
        ("How is Debian pronounced?", r"Deb-ee-en|Deb-ian|pronounced"),
        ("Where does the name Debian come from?", r"Debra|Ian"),
        ("What is dpkg?", r"main package management program|low[- ]level|\bdpkg\b.{0,40}\b(?:is|program)\b"),
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    group: str
    document: str
    question: str
    is_hit: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best sentences for a question, and how much of the question the best covers."""

    sentences: list[str]
    match: float
    seconds: float

    def hit(self, asked: Asked, count: int) -> bool:
        return any(asked.is_hit(sentence) for sentence in self.sentences[:count])


def load() -> tuple[dict[str, str], list[Asked]]:
    texts: dict[str, str] = {}
    asked: list[Asked] = []
    for group, name in LOOGLE.items():
        for line in (DATA / name).read_text("utf-8").splitlines():
            page = json.loads(line)
            texts[page["title"]] = page["context"]
            for item in page["qa"]:
                evidence = [item["S"]] if isinstance(item["S"], str) else item["S"]
                asked.append(
                    Asked(group=group, document=page["title"], question=item["Q"], is_hit=_shares_stems(evidence))
                )
    for name, questions in OWN.items():
        texts[name] = (DATA / name).read_text("utf-8")
        asked += [Asked(group="own", document=name, question=text, is_hit=_matches(gold)) for text, gold in questions]
    return texts, asked


def _shares_stems(evidence: list[str]) -> Callable[[str], bool]:
    wanted = [stems for piece in evidence if (stems := set(words.content_stems(piece)))]

    def is_hit(sentence: str) -> bool:
        there = set(words.stems(sentence))
        return any(len(stems & there) >= 0.6 * len(stems) for stems in wanted)

    return is_hit


def _matches(gold: str) -> Callable[[str], bool]:
    return lambda sentence: bool(re.search(gold, " ".join(sentence.split())))


class Ranking:
    """The scorer alone, over the whole text."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._passages = {name: Passage(text) for name, text in texts.items()}

    async def find(self, document: str, text: str) -> Found:
        passage, question = self._passages[document], understand(text)
        began = time.perf_counter()
        best = Scorer(passage, question, _weights(passage, question)).best(6)
        return Found(
            sentences=[passage.at(scored.number) for scored in best],
            match=best[0].match if best else 0.0,
            seconds=time.perf_counter() - began,
        )


def _weights(passage: Passage, question: Question) -> dict[str, float]:
    blocks = len(passage.sentences) // SENTENCES_A_BLOCK + 1
    weights = {}
    for term in question.terms:
        held = len({number // SENTENCES_A_BLOCK for number in passage.places.get(term, ())})
        weights[term] = math.log(1 + (blocks - held + 0.5) / (held + 0.5))
    for name in question.names:
        parts = [term for term in name if term in weights]
        if len(parts) > 1:
            most, total = max(weights[term] for term in parts), sum(weights[term] for term in parts)
            weights |= {term: weights[term] * min(1, 1.3 * most / total) for term in parts}
    return weights


class Runs:
    """Whole runs; the ranking is read from what the planner's code printed."""

    _PRINTED = re.compile(r"^\[(\d+), (\d+), (\d+)\] score [-\d.]+, match ([\d.]+)", re.MULTILINE)

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._engine = engine.Engine()

    async def find(self, document: str, text: str) -> Found:
        printed: list[str] = []

        async def emit(event: Event) -> None:
            printed.append(str(event.texts.get("stdout", "")))

        whole = self._texts[document]
        began = time.perf_counter()
        outcome = await self._engine.run(_task(text, document, whole), emit)
        seconds = time.perf_counter() - began
        assert outcome.status == "succeeded", outcome.error_message
        assert all(whole[source.start : source.end] == source.text for source in outcome.sources)
        found = [line for output in printed for line in self._PRINTED.findall(output)]
        sentences = [whole[int(start) : int(end)] for _, start, end, _ in found]
        if not found:
            sentences = [source.text for source in outcome.sources]
        return Found(sentences=sentences, match=float(found[0][3]) if found else 0.0, seconds=seconds)

    async def __aenter__(self) -> "Runs":
        await self._engine.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.close()


def _task(question: str, name: str, text: str) -> engine.Task:
    return engine.Task(
        question=question,
        documents=(Document(id=name, name=name, text=TextInMemory(text)),),
        policy=Policy(models={"root": "offline/planner", "worker": "offline/extractive"}),
        connections={"offline": Connection(name="offline", provider="offline")},
    )


async def measure(finder: Ranking | Runs, texts: dict[str, str], asked: list[Asked], verbose: bool) -> None:
    results = [(item, await finder.find(item.document, item.question)) for item in asked]
    for group in ("short", "long", "own"):
        _print_group(group, [(item, found) for item, found in results if item.group == group])
    loogle = [(item, found) for item, found in results if item.group != "own"]
    _print_group("LooGLE together", loogle)
    for item, found in results:
        if verbose and not found.hit(item, 1):
            print(f"\n[{item.group}] {item.question}\n   in the top 3: {found.hit(item, 3)}, match {found.match}")
            print("\n".join(f"   - {' '.join(sentence.split())[:180]}" for sentence in found.sentences[:3]))
    pages = [name for name in texts if name not in OWN]
    elsewhere = [await finder.find(_other_page(pages, item.document), item.question) for item in asked]
    print(f"\nnot found below    answered   top 1   top 3   refused of another text   (now {ENOUGH})")
    for threshold in (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7):
        _print_threshold(threshold, results, elsewhere)


def _other_page(pages: list[str], name: str) -> str:
    """A text that cannot hold the answer (Debian's manuals know much of one another)."""
    return pages[(pages.index(name) + 1) % len(pages)] if name in pages else pages[0]


def _print_group(name: str, results: list[tuple[Asked, Found]]) -> None:
    shares = "  ".join(
        f"top {count} .{round(100 * sum(found.hit(item, count) for item, found in results) / len(results)):02d}"
        for count in (1, 3, 5)
    )
    slowest = max(found.seconds for _, found in results)
    mean = sum(found.seconds for _, found in results) / len(results)
    print(f"{name:16} {len(results):3} questions  {shares}   {mean:.3f} s each, at most {slowest:.2f} s")


def _print_threshold(threshold: float, results: list[tuple[Asked, Found]], elsewhere: list[Found]) -> None:
    answered = [(item, found) for item, found in results if found.match >= threshold]
    top = [sum(found.hit(item, count) for item, found in answered) / max(1, len(answered)) for count in (1, 3)]
    refused = sum(found.match < threshold for found in elsewhere) / len(elsewhere)
    share = len(answered) / len(results)
    print(f"{threshold:15.2f}    {share:8.2f}    {top[0]:4.2f}    {top[1]:4.2f}    {refused:23.2f}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="store_true", help="whole runs instead of the ranking alone")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the questions whose best sentence is wrong")
    options = parser.parse_args()
    if not DATA.exists():
        raise SystemExit(f"The texts and questions are not there: {DATA}")
    texts, asked = load()
    if not options.engine:
        await measure(Ranking(texts), texts, asked, options.verbose)
        return
    async with Runs(texts) as runs:
        await measure(runs, texts, asked, options.verbose)


if __name__ == "__main__":
    asyncio.run(main())
