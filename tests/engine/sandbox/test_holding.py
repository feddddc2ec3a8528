"""Holders: large texts are decoded once for a user, and REPLs on them cost a fork."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.engine.sandbox.driving import Driven, document, echo, file_document
from tests.model_server import ModelServer
from trajectories import engine
from trajectories.engine.errors import DocumentError
from trajectories.engine.events import Event
from trajectories.engine.sandbox import Held, ProcessKind, ReplSandbox, SandboxHouse, handover, holding
from trajectories.engine.text import TextPiece
from trajectories.engine.types import Document, ReplSettings, Span

pytestmark = pytest.mark.asyncio(loop_scope="session")

MB = 1_000_000
ROOM = 30 * MB


class House:
    """A house with room for three texts of 8 MB, and what it holds."""

    def __init__(self) -> None:
        self.kind = ProcessKind(holders_bytes=ROOM)
        self.house = SandboxHouse(made=self.kind)
        self.holders = self.kind.nursery.holders
        self._repls: list[Driven] = []

    async def repl(self, *documents: Document, held: Held | None = None) -> Driven:
        sandbox = await self.house.sandbox(documents, ReplSettings(), held=held)
        assert isinstance(sandbox, ReplSandbox)
        self._repls.append(Driven(sandbox, echo))
        return self._repls[-1]

    def processes(self) -> dict[str, int]:
        """Keys of what is held, and the process that holds it."""
        made = {key: self.holders._made(key) for key in self.holders._holders}
        return {key: _pid(holder.forker.handle) for key, holder in made.items() if holder}


@pytest_asyncio.fixture(loop_scope="session")
async def house() -> AsyncIterator[House]:
    made = House()
    await made.house.open()
    yield made
    await made.house.close()


def large(letter: str, mb: int = 8) -> Document:
    return document(letter * (mb * MB - 3) + "end", f"{letter}.txt")


def held(key: str, *documents: Document) -> Held:
    return Held(key=key, documents=documents)


def _pid(handle: int | None) -> int:
    told = Path(f"/proc/self/fdinfo/{handle}").read_text()
    return int(re.findall(r"^Pid:\s+(-?\d+)", told, re.MULTILINE)[0])


def parent(repl: Driven) -> int:
    """Of a REPL: the process it was forked from (behind its supervisor, where it has one)."""
    assert repl.sandbox._child is not None
    pid = repl.sandbox._child.pid
    for _ in repl.sandbox._child._handles:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def own_bytes(repl: Driven) -> int:
    assert repl.sandbox._child is not None
    told = Path(f"/proc/{repl.sandbox._child.pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Private_Dirty:\s+(\d+)", told, re.MULTILINE)[0]) * 1024


async def ended(pid: int) -> None:
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.01)


async def test_a_second_repl_on_the_same_large_text_has_none_of_its_own(house: House) -> None:
    text = large("a", 25)
    first, second = [await house.repl(text, held=held("u1:a", text)) for _ in range(2)]
    assert await second.out("print(len(context), context[-3:])") == f"{25 * MB} end\n"
    assert own_bytes(second) < 5 * MB
    assert parent(first) == parent(second) == house.processes()["u1:a"]


async def test_a_held_text_lies_in_large_pages(house: House) -> None:
    """So that a fork of it copies few entries, and a REPL meets few page faults when it goes through it."""
    repl = await house.repl(large("p"))
    (holder,) = house.processes().values()
    told = Path(f"/proc/{holder}/smaps_rollup").read_text()
    in_large_pages = int(re.findall(r"AnonHugePages:\s+(\d+)", told)[0]) << 10
    if not in_large_pages:
        pytest.skip("this kernel puts no pages together (Linux before 6.1, or without transparent huge pages)")
    assert in_large_pages > 4 * MB
    assert await repl.out("print(context[:3], context[-3:])") == "ppp end\n"


async def test_a_small_text_is_not_held(house: House) -> None:
    text = document("small")
    repl = await house.repl(text, held=held("u1:small", text))
    assert house.processes() == {}
    assert parent(repl) == house.kind.nursery.zygote.pid


async def test_users_never_share_a_holder(house: House) -> None:
    text = large("a")
    first = await house.repl(text, held=held("u1:a", text))
    other = await house.repl(text, held=held("u2:a", text))
    assert parent(first) != parent(other)
    assert sorted(house.processes()) == ["u1:a", "u2:a"]


async def test_runs_that_start_together_share_one_decoding(house: House) -> None:
    text = large("a")
    repls = await asyncio.gather(*[house.repl(text, held=held("u1:a", text)) for _ in range(5)])
    assert len({parent(repl) for repl in repls}) == 1


async def test_what_one_repl_does_to_a_held_text_no_other_sees(house: House) -> None:
    text = large("a")
    first, second = [await house.repl(text, held=held("u1:a", text)) for _ in range(2)]
    await first.out("import sys\ncontext.start = 99; mine = context[:5]\nsys.mine = 1")
    code = "import sys\nprint(context.document, context.start, hasattr(sys, 'mine'), 'mine' in globals())"
    assert await second.out(code) == "0 0 False False\n"


async def test_a_piece_of_a_held_text_goes_to_a_child_by_its_place(house: House) -> None:
    text, other = document("x" * 5 * MB + "needle in the middle" + "y" * 5 * MB), document("other")
    both = held("u1:both", text, other)
    start = 5 * MB
    piece = Document(
        id="",
        name="context 1",
        text=TextPiece(text.text, start, start + 20),
        origin=Span(document=0, start=start, end=start + 20),
    )
    await house.repl(text, other, held=both)
    child = await house.repl(piece, document("words of its own"), other, held=both)
    code = "print(context, context[0].start, context[0].document, context[2].document, grep('middle')[0].start)"
    assert await child.out(code) == "['needle in the middle', 'words of its own', 'other'] 0 0 2 14\n"
    assert parent(child) == house.processes()["u1:both"]


async def test_the_same_held_text_twice_is_two_documents(house: House) -> None:
    text = large("a")
    twice = Document(
        id="", name="again", text=TextPiece(text.text, 0, 8 * MB), origin=Span(document=0, start=0, end=8 * MB)
    )
    repl = await house.repl(text, twice, held=held("u1:a", text))
    assert await repl.out("print([(one.document, one.start, len(one)) for one in context])") == (
        f"[(0, 0, {8 * MB}), (1, 0, {8 * MB})]\n"
    )


async def test_the_least_recently_used_goes_first(house: House) -> None:
    texts = {letter: large(letter) for letter in "abcd"}
    for letter in "abc":
        await (await house.repl(texts[letter], held=held(letter, texts[letter]))).sandbox.close()
    assert list(house.processes()) == ["a", "b", "c"]
    first = house.processes()["b"]
    await (await house.repl(texts["a"], held=held("a", texts["a"]))).sandbox.close()
    await house.repl(texts["d"], held=held("d", texts["d"]))
    assert list(house.processes()) == ["c", "a", "d"]
    await ended(first)
    assert house.holders.bytes <= ROOM


async def test_a_holder_in_use_is_never_taken_away(house: House) -> None:
    texts = [large(letter) for letter in "abcde"]
    repls = [await house.repl(text, held=held(text.name, text)) for text in texts]
    assert [await repl.out("print(context[0])") for repl in repls] == [f"{letter}\n" for letter in "abcde"]
    for repl in repls:
        await repl.sandbox.close()
    assert list(house.processes()) == ["c.txt", "d.txt", "e.txt"]


async def test_an_idle_holder_goes_after_a_while(house: House) -> None:
    house.holders._idle_seconds = 0.05
    text = large("a")
    repl = await house.repl(text, held=held("u1:a", text))
    pid = house.processes()["u1:a"]
    await asyncio.sleep(0.2)
    assert house.processes() == {"u1:a": pid}
    await repl.sandbox.close()
    await ended(pid)
    assert house.processes() == {}


async def test_what_nobody_named_is_held_no_longer_than_it_is_used(house: House) -> None:
    repl = await house.repl(large("a"))
    (pid,) = house.processes().values()
    await repl.sandbox.close()
    await ended(pid)


async def test_a_dead_holder_is_noticed_and_replaced(house: House) -> None:
    text = large("a")
    repl = await house.repl(text, held=held("u1:a", text))
    pid = house.processes()["u1:a"]
    os.kill(pid, signal.SIGKILL)
    execution = await repl("while True: pass")
    assert execution.repl_lost
    assert await repl.out("print(len(context))") == f"{8 * MB}\n"
    assert house.processes()["u1:a"] != pid


async def test_a_dead_zygote_takes_its_holders_along_and_all_are_replaced(house: House) -> None:
    text = large("a")
    repl = await house.repl(text, held=held("u1:a", text))
    pid, zygote = house.processes()["u1:a"], house.kind.nursery.zygote.pid
    assert zygote is not None
    os.kill(zygote, signal.SIGKILL)
    await ended(pid)
    assert (await repl("1")).repl_lost
    assert await repl.out("print(context[0])") == "a\n"


async def test_closing_the_house_ends_its_holders(house: House) -> None:
    text = large("a")
    await house.repl(text, held=held("u1:a", text))
    pid = house.processes()["u1:a"]
    await house.house.close()
    assert not Path(f"/proc/{pid}").exists()


async def test_a_fresh_repl_after_a_kill_comes_from_the_same_holder(house: House) -> None:
    text = large("a")
    repl = await house.repl(text, held=held("u1:a", text))
    pid = parent(repl)
    assert (await repl("import os\nos._exit(1)")).repl_lost
    assert await repl.out("print(context[-3:])") == "end\n"
    assert parent(repl) == pid


# ---------------------------------------------------------------------------------------------------- sizes


async def test_a_text_too_large_for_memory_is_refused_with_its_sizes(house: House) -> None:
    house.kind.nursery._most = 10 * MB
    text = document("😀" + "a" * 3 * MB, "chat.txt")
    with pytest.raises(DocumentError) as refused:
        await house.repl(text)
    assert "it takes 0.01 GB in memory, 0.01 GB are possible" in str(refused.value)
    assert "'chat.txt', takes 0.01 GB for 3,000,001 characters (4 bytes a character, because of" in str(refused.value)
    assert await (await house.repl(document("a" * 3 * MB))).out("print(len(context))") == "3000000\n"


@pytest.mark.parametrize(("tail", "width"), [("", 1), ("é", 1), ("ж", 2), ("漢", 2), ("😀", 4)])
async def test_the_size_in_memory_is_known_before_it_is_taken(tmp_path: Path, tail: str, width: int) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a" * 100_000 + tail, encoding="utf-8")
    size = (100_000 + len(tail)) * width
    assert handover.decoded_bytes(file_document(path)) == size
    assert 0 <= handover.decoded_bytes(document("a" * 100_000 + tail)) - size < 100
    piece = Document(id="", name="", text=TextPiece(file_document(path).text, 0, 50_000))
    assert handover.decoded_bytes(piece) == 50_000 * width


async def test_the_host_may_know_the_size_already() -> None:
    known = Document(id="", name="", text=document("abc").text, decoded_bytes=77 * MB)
    assert handover.decoded_bytes(known) == 77 * MB
    assert holding.worth_holding([known])


async def test_chinese_and_emoji_are_read_like_any_text(house: House) -> None:
    text = document("漢字かな交じり文😀" * MB, "mixed.txt")
    repl = await house.repl(text, held=held("u1:mixed", text))
    code = "print(len(context), context[8], context[9:17], context.count('😀'), grep('交じり', limit=1)[0].start)"
    assert await repl.out(code) == f"{9 * MB} 😀 漢字かな交じり文 {MB} 4\n"


async def test_runs_with_one_key_share_a_holder_and_others_do_not(tmp_path: Path) -> None:
    """Through the engine's front door: a user's next run finds the text decoded, another user's does not."""
    async with ModelServer() as server:
        made = engine.Engine(sandbox_min="none")
        await made.open()
        seen = []
        for key in ("u1:abc", "u1:abc", "u2:abc", ""):
            server.replies("root", ["```repl\nprint(len(context))\nFINAL(context[-3:])\n```"])
            outcome = await made.run(_task(server, tmp_path, key), _silent)
            assert outcome.answer == "end"
            holders = made._sandboxes._made.nursery.holders  # type: ignore[union-attr]
            seen.append({kept: holders._made(kept).forker.handle for kept in holders._holders if holders._made(kept)})
        await made.close()
    assert [list(kept) for kept in seen] == [["u1:abc"], ["u1:abc"], ["u1:abc", "u2:abc"], ["u1:abc", "u2:abc"]]
    assert seen[0]["u1:abc"] == seen[3]["u1:abc"]


def _task(server: ModelServer, folder: Path, key: str) -> engine.Task:
    path = folder / "large.txt"
    if not path.exists():
        path.write_text("a" * 8 * MB + "end")
    return engine.Task(
        question="How does it end?",
        documents=(engine.Document(id="d", name="large.txt", text=engine.TextFile.open(path)),),
        policy=engine.policy_from_json({"models": {"root": "test/root", "worker": "test/worker"}}),
        connections={"test": engine.Connection(name="test", provider="openai", base_url=server.url, api_key="k")},
        holder_key=key,
    )


async def _silent(event: Event) -> None:
    """Nobody listens."""
