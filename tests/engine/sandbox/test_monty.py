"""Kind `monty`: what works in the reduced interpreter, what it lacks, its limits, and attacks on it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.engine.conftest import Lab
from tests.engine.sandbox.driving import Driven, Opener, document, file_document
from tests.model_server import ModelServer
from trajectories import engine
from trajectories.engine.errors import IsolationError
from trajectories.engine.sandbox import SandboxHouse, check, refusal
from trajectories.engine.sandbox.monty import MOST_TEXT, PROBES, MontyKind
from trajectories.engine.types import CallItem, CallResult, Document, ReplSettings

pytest.importorskip("pydantic_monty", reason="the extra `monty` is not installed")
pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "\n".join(f"Line {number}: the bridge of year {1800 + number} was painted blue." for number in range(60))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def monty_house() -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse("monty", "interpreter")
    await made.open()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def reduced(monty_house: SandboxHouse) -> AsyncIterator[Opener]:
    """`await reduced("text", …)` gives a REPL of the reduced interpreter on these documents."""
    opener = Opener(monty_house)
    yield opener
    await opener.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting(monty_house: SandboxHouse) -> AsyncIterator[Driven]:
    """One REPL for many mistakes, since it must outlast them."""
    opener = Opener(monty_house)
    yield await opener("text")
    await opener.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def monty_engine() -> AsyncIterator[engine.Engine]:
    made = engine.Engine(sandbox="monty", sandbox_min="interpreter")
    await made.open()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def monty_lab(monty_engine: engine.Engine) -> AsyncIterator[Lab]:
    async with ModelServer() as server:
        yield Lab(monty_engine, server)


def cell(code: str) -> str:
    return f"I run code.\n```repl\n{code}\n```"


# ------------------------------------------------------------------------------------------------ whole runs


async def test_a_run_looks_asks_in_parallel_and_answers(monty_lab: Lab) -> None:
    replies = [
        cell("print(grep('fox', limit=2))\nparts = [context[:50], context[50:90]]"),
        cell("found = llm_batch([f'MOCK_SLEEP_300 {part}' for part in parts] * 3)\nprint(len(found))"),
        cell("FINAL('a fox', sources=[grep('brown fox')[0]])"),
    ]
    outcome = await monty_lab.ask(replies)
    assert (outcome.status, outcome.answer) == ("succeeded", "a fox")
    assert [source.text for source in outcome.sources] == ["brown fox"]
    assert monty_lab.server.peak == 6
    assert monty_lab.log.of("run.started")[0].data["sandbox"]["level"] == "interpreter"
    first, second, _ = monty_lab.log.kind("cell")
    assert first["stdout"].splitlines()[0] == "1: The quick brown fox jumps over the lazy dog."
    assert second["stdout"] == "6\n"
    monty_lab.log.check_starts_and_finishes()


async def test_the_model_is_told_what_the_interpreter_lacks(monty_lab: Lab) -> None:
    await monty_lab.ask([cell("print(1)"), "FINAL(done)"])
    system = monty_lab.root_requests()[0]["messages"][0]["content"]
    assert "The interpreter here is a reduced one" in system
    assert "no class inheritance" in system


async def test_a_child_has_an_interpreter_of_its_own(monty_lab: Lab) -> None:
    monty_lab.server.replies("root", [cell("mine = len(context)\nFINAL(str(mine))")], when="count")
    code = "mine = 'kept'\nprint(rlm_call('count', context[:44]), mine)"
    outcome = await monty_lab.ask([cell(code), "FINAL(done)"], max_depth=2)
    assert outcome.status == "succeeded"
    assert monty_lab.log.kind("cell")[0]["stdout"] == "44 kept\n"


async def test_questions_are_answered_without_a_language_model(monty_lab: Lab) -> None:
    offline = {"root": "offline/planner", "worker": "offline/extractive"}
    outcome = await monty_lab.ask([], question="How often does fox occur?", models=offline)
    assert outcome.status == "succeeded", outcome.error_message
    assert "occurs **500 times**" in (outcome.answer or "")


# ------------------------------------------------------------------------------------------------ the names


async def test_state_lasts_over_cells_and_variables_are_listed(reduced: Opener) -> None:
    repl = await reduced(TEXT)
    first = await repl("import re\ntotal = 1\nnames = ['a', 'b']\ndef double(n): return 2 * n\n_hidden = 2")
    assert [(v.name, v.type, v.size, v.preview, v.changed) for v in first.variables] == [
        ("total", "int", None, "1", True),
        ("names", "list", 2, "['a', 'b']", True),
        ("double", "function", None, "<function 'double'>", True),
    ]
    second = await repl("names.append(double(total))")
    assert {v.name: v.changed for v in second.variables} == {"total": False, "names": True, "double": False}
    assert first.variables_hash != second.variables_hash != ""
    assert (await repl("print('nothing')")).variables_hash == second.variables_hash
    assert await repl.out("SHOW_VARS()") == (
        "total: int = 1\nnames: list of 3 = ['a', 'b', 2]\ndouble: function = <function 'double'>\n"
    )


async def test_the_same_cells_give_the_same_hash(reduced: Opener) -> None:
    code = "import random\nmade = [random.random(), {'x', 'y'}]\nclass Box: pass\nbox = Box()\nbox.inside = made"
    one, other = await reduced(TEXT), await reduced("another text")
    assert (await one(code)).variables_hash == (await other(code)).variables_hash != ""


async def test_peek_and_grep_know_their_places(reduced: Opener) -> None:
    repl = await reduced(TEXT)
    execution = await repl("print(peek(6))\nfor hit in grep(r'year 18[45]7'):\n    print(hit.span(), hit.line, hit)")
    hits = [(match.start(), match.end()) for match in re.finditer("year 18[45]7", TEXT)]
    assert execution.stdout.splitlines() == ["Line 0"] + [
        f"{hit} {line} {line}: {TEXT.splitlines()[line - 1]}" for hit, line in zip(hits, (48, 58), strict=True)
    ]
    reads = {(read.start, read.end, read.how) for read in execution.reads}
    assert {(0, 6, "peek"), *((*hit, "grep") for hit in hits)} <= reads


async def test_matches_print_one_a_line_and_a_full_grep_is_noted(reduced: Opener) -> None:
    repl = await reduced(TEXT)
    execution = await repl("print(grep('bridge', limit=2))")
    assert [line[:8] for line in execution.stdout.splitlines()] == ["1: Line ", "2: Line "]
    assert execution.notes == ("grep reached its limit of 2: there are more (set limit=).",)


async def test_what_is_sent_to_a_model_is_found_in_the_documents(reduced: Opener) -> None:
    repl = await reduced(TEXT)
    await repl("part = context[300:900]\nllm_call(f'Sum this up: {part}')")
    (prompt,) = [item.prompt for item in repl.calls[0].items]
    assert prompt.text == f"Sum this up: {TEXT[300:900]}"
    assert [(quote.start, quote.length) for quote in prompt.quotes] == [(300, 600)]
    assert repl.calls[0].line == 2


async def test_several_documents_are_a_list(reduced: Opener) -> None:
    repl = await reduced("one", "two", "three")
    assert await repl.out("print(len(context), context[2], peek(2, document='1.txt'), documents[1])") == (
        "3 three tw {'name': '1.txt', 'chars': 3, 'start': 3}\n"
    )


async def test_a_file_is_read_as_it_is(reduced: Opener, tmp_path: Any) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes("Zeile\r\nmit ü und 🙂\n".encode() * 3)
    repl = await reduced(file_document(path))
    assert await repl.out("print(len(context), repr(context[:20]))") == "57 'Zeile\\r\\nmit ü und 🙂\\nZ'\n"


async def test_names_of_the_repl_come_back_before_the_next_cell(reduced: Opener) -> None:
    repl = await reduced("the text")
    await repl("context = peek = grep = print = llm_call = FINAL = documents = None")
    assert await repl.out("print(context, peek(3), grep('x')[0].start, llm_call('q'), len(documents))") == (
        "the text the 6 about q 1\n"
    )


async def test_a_failed_call_is_an_error_and_a_failed_item_stays_alone(reduced: Opener) -> None:
    def answer(item: CallItem) -> CallResult:
        if "bad" in item.prompt.text:
            return CallResult(error_kind="timeout", error_message="No answer in time.")
        return CallResult(value={"n": 3})

    repl = await reduced("text", answer=answer)
    code = "try:\n    llm_call('bad')\nexcept LLMError as error:\n    print(error)"
    assert await repl.out(code) == "No answer in time. (timeout)\n"
    await repl.out("r = llm_batch(['ok', 'bad'], schema={})")
    assert await repl.out("print(r[0]['n'], isinstance(r[1], LLMError), llm_query('bad'))") == (
        "3 True Error: No answer in time.\n"
    )


async def test_tools_are_called_with_plain_values(reduced: Opener) -> None:
    repl = await reduced("text", tools=("weather",))
    assert await repl.out("print(weather('Bern', days=2))") == 'about [["Bern"], {"days": 2}]\n'
    assert (repl.calls[0].op, repl.calls[0].role) == ("tool", "weather")


@pytest.mark.parametrize(
    ("code", "how", "answer"),
    [
        ("try:\n    FINAL({'n': [1, 2]})\nexcept Exception:\n    print('caught')", "answer", {"n": [1, 2]}),
        ("report = 'all'\nFINAL_VAR('report')\nprint('after')", "answer_variable", "all"),
        ("answer['content'] = 'dict'\nanswer['ready'] = True", "answer", "dict"),
        ("def end():\n    FINAL('from a function')\nend()", "answer", "from a function"),
    ],
)
async def test_ways_to_end(reduced: Opener, code: str, how: str, answer: Any) -> None:
    execution = await (await reduced("text"))(code)
    assert (execution.error, execution.stdout) == (None, "")
    assert execution.ending is not None
    assert (execution.ending.how, execution.ending.answer) == (how, answer)


async def test_a_missing_variable_is_no_answer(reduced: Opener) -> None:
    repl = await reduced("text")
    execution = await repl("made = 1\nFINAL_VAR('nothing')")
    assert execution.ending is None
    assert execution.error is not None
    assert execution.error.message == "there is no variable 'nothing'. Variables made so far: made"


async def test_sources_are_matches_texts_and_places(reduced: Opener) -> None:
    repl = await reduced(TEXT)
    ending = (await repl("FINAL('x', sources=[grep('1807')[0], context[0:30], (0, 4, 9)])")).ending
    assert ending is not None
    at = TEXT.index("1807")
    assert [(span.start, span.end) for span in ending.sources] == [(at, at + 4), (0, 30), (4, 9)]


# ------------------------------------------------------------------------------------------------ what is lacking


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("class Mine(Exception): pass", "Write a plain class without a base"),
        ("x = 1\ndel x", "Use d.pop(key)"),
        ("def f():\n    yield 1", "Collect the values in a list"),
        ("import numpy", "Only these modules can be imported here, each in part: asyncio"),
        ("import subprocess", "many prompts run at once with llm_batch"),
        ("import socket", "There is no network in the REPL"),
        ("list(map(llm_call, ['a']))", "Call it in a for loop or a comprehension"),
        ("globals()", "The reduced interpreter has no globals()."),
        ("llm_batch(['a'])\nnam = 1\nprint(name)", "Did you mean `nam`?"),
        ("!pip install nltk", "This is plain Python"),
        ("open('0.txt')", "this document is `context`"),
        ("RuntimeError('a').kind", "Errors have no attributes here"),
    ],
)
async def test_what_is_not_there_is_said_with_what_to_do(lasting: Driven, code: str, said: str) -> None:
    await lasting.out("kept = 1")
    assert said in await lasting.error(code)
    assert await lasting.out("print(kept)") == "1\n"


async def test_a_traceback_shows_the_lines_of_the_cells(reduced: Opener) -> None:
    repl = await reduced("text")
    await repl.out("def divide(n):\n    return 1 / n")
    assert await repl.error("x = 1\ndivide(0)") == (
        "Traceback (most recent call last):\n  cell 2, line 2\n    divide(0)\n"
        "  cell 1, line 2, in divide\n    return 1 / n\nZeroDivisionError: division by zero"
    )
    assert await repl.out("print(x)") == "1\n"


# ------------------------------------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "try:\n    while True: pass\nexcept BaseException:\n    print('caught')",
        "while True: print('spam')",
        "class Bad:\n    def __repr__(self):\n        while True: pass\nbad = Bad()",
        "for n in range(10**9):\n    hits = grep('t.*x')",
    ],
)
async def test_a_cell_that_does_not_end_is_stopped_and_earlier_variables_stay(reduced: Opener, code: str) -> None:
    repl = await reduced("text", cell_seconds=0.4)
    await repl.out("kept = [1]")
    execution = await repl(f"kept.append(2)\n{code}")
    assert execution.error is not None
    assert (execution.error.kind, execution.repl_lost) == ("Timeout", False)
    assert "Variables are as they were before this cell." in execution.error.message
    assert "caught" not in execution.stdout
    assert [v.name for v in execution.variables] == ["kept"]
    assert await repl.out("print(kept, peek(2))") == "[1] te\n"


async def test_waiting_for_models_is_not_the_cells_time(reduced: Opener) -> None:
    repl = await reduced("text", cell_seconds=0.5)

    async def slow(call: Any) -> list[CallResult]:
        await asyncio.sleep(0.8)
        return [CallResult(value="late") for _ in call.items]

    execution = await repl.sandbox.execute("print(llm_call('a'))", slow)
    assert (execution.error, execution.stdout) == (None, "late\n")
    assert execution.seconds < 0.5


async def test_a_pattern_that_takes_too_long_is_an_error(reduced: Opener) -> None:
    repl = await reduced("x" * 60, cell_seconds=0.6)
    assert "grep was stopped after 0.4 s" in await repl.error("grep('(x+x+)+y')")
    assert await repl.out("print(len(grep('x')))") == "60\n"


async def test_a_search_that_cannot_be_stopped_is_the_helpers(reduced: Opener) -> None:
    repl = await reduced("ACGT" * 1_000_000, cell_seconds=1.2)
    assert "grep was stopped after 0.8 s" in await repl.error("grep('[^q]+Z')")
    assert await repl.out("print(len(grep('[^q]+G', limit=1)))") == "1\n"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("x = 'a' * (1 << 28)", "MemoryError"),
        ("x = [0]\nwhile True: x = x + x", "MemoryError"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("a = []\nfor i in range(50_000): a = [a]\nFINAL(a)", "ValueError"),
    ],
)
async def test_memory_and_depth_have_an_end(reduced: Opener, code: str, kind: str) -> None:
    repl = await reduced("text", memory_bytes=32 << 20)
    await repl.out("kept = 1")
    execution = await repl(code)
    assert execution.error is not None
    assert (execution.error.kind, execution.repl_lost) == (kind, False)
    assert await repl.out("print(kept)") == "1\n"


async def test_of_much_output_head_and_tail_are_kept(reduced: Opener) -> None:
    repl = await reduced("text", stdout_chars=1_000)
    execution = await repl("print('a' * 3_000_000)\nprint('end')")
    assert execution.truncated
    assert execution.stdout_chars == 3_000_005
    assert len(execution.stdout) < 1_200
    assert execution.stdout.endswith("aend\n") or execution.stdout.endswith("a\nend\n")


async def test_the_text_must_not_be_too_large(monty_house: SandboxHouse) -> None:
    text = document("x" * (MOST_TEXT // 4 + 1)).text
    huge = Document(id="a", name="a", text=text, decoded_bytes=MOST_TEXT + 4)
    with pytest.raises(engine.DocumentError, match="too large for a REPL"):
        await monty_house.sandbox([huge], ReplSettings())


# ------------------------------------------------------------------------------------------------ attacks


@pytest.mark.parametrize(
    "attack",
    [
        "open('/etc/passwd').read()",
        "open('/tmp/made', 'w').write('x')",
        "import os\nos.listdir('/')",
        "import os\nos.environ['HOME']",
        "import os\nos.system('true')",
        "import os\nos.getenv('HOME')",
        "from pathlib import Path\nPath('/proc/self/environ').read_text()",
        "from pathlib import Path\nlist(Path('/').iterdir())",
        "import sys\nsys.modules",
        "import ctypes",
        "__import__('os')",
        "eval(\"__import__('os')\")",
        "exec('import socket')",
        "().__class__.__base__.__subclasses__()",
        "peek.__globals__",
        "peek.__self__",
        "peek.__call__.__func__",
        "(lambda: 0).__code__",
        "'{0.__class__}'.format(peek)",
        "_rlm_grep.__globals__",
        "import pydantic_monty",
        "from worker import reduced",
        "_rlm_listing(1)",
        "_rlm_grep(*[None] * 5)",
        "peek(document='../../etc/passwd')",
        "images[0]",
    ],
)
async def test_an_attack_is_an_error_of_the_cell(lasting: Driven, attack: str) -> None:
    execution = await lasting(attack)
    assert execution.error is not None
    assert not execution.repl_lost
    assert await lasting.out("print(peek(4))") == "text\n"


async def test_own_names_of_the_repl_taken_over_harm_only_the_cell(reduced: Opener) -> None:
    repl = await reduced("text")
    await repl.out("kept = 1")
    execution = await repl("_rlm_look = _rlm_restore = _rlm_pick = 3")
    assert execution.error is not None
    assert "disturbed the REPL's own workings" in execution.error.message
    assert await repl.out("print(kept, peek(2))") == "1 te\n"


async def test_secrets_of_the_server_are_nowhere(monkeypatch: pytest.MonkeyPatch, reduced: Opener) -> None:
    monkeypatch.setenv("RLM_PROBE_SECRET", "s3cret-of-the-server")
    repl = await reduced("text")
    for pid in _processes(repl):
        with open(f"/proc/{pid}/environ") as file:  # noqa: PTH123
            assert "RLM_PROBE_SECRET" not in file.read()


async def test_two_repls_share_nothing(reduced: Opener) -> None:
    one, other = await reduced("first text"), await reduced("second text")
    await asyncio.gather(one("mine = 1\nRuntimeError = 5"), other("mine = 2"))
    assert await asyncio.gather(one.out("print(mine, context)"), other.out("print(mine, context)")) == [
        "1 first text\n",
        "2 second text\n",
    ]


# ------------------------------------------------------------------------------------------------ ends


async def test_the_interpreter_killed_between_cells_is_replaced(reduced: Opener) -> None:
    repl = await reduced("text")
    await repl.out("kept = 1")
    await repl.out("print(kept)")
    for pid in set(_processes(repl)) - {repl.sandbox._child.pid}:
        os.kill(pid, signal.SIGKILL)
    await repl("print('too late')")
    assert await repl.out("print(kept, peek(2))") == "1 te\n"


async def test_after_a_kill_of_everything_there_is_a_fresh_one(reduced: Opener) -> None:
    repl = await reduced("text")
    await repl.out("lost = 1")
    os.kill(repl.sandbox._child.pid, signal.SIGKILL)
    execution = await repl("print(1)")
    assert execution.repl_lost
    assert await repl.out("print(peek(4))") == "text\n"
    assert "name 'lost' is not defined" in await repl.error("lost")


async def test_a_cancelled_cell_and_a_close_leave_no_process(reduced: Opener) -> None:
    repl = await reduced("text")
    running = asyncio.create_task(repl("while True: pass"))
    before = _processes(repl)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await _gone(before)
    assert await repl.out("print(peek(4))") == "text\n"
    after = _processes(repl)
    await repl.sandbox.close()
    await _gone(after)


def _processes(repl: Driven) -> list[int]:
    """The companion and the interpreters it has started."""
    companion = repl.sandbox._child.pid
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(companion)], capture_output=True, text=True, check=False)
    return [companion, *map(int, told.stdout.split())]


async def _gone(pids: list[int]) -> None:
    async with asyncio.timeout(5):
        while any(_alive(pid) for pid in pids):
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip()[:1] not in ("", "Z")


# ------------------------------------------------------------------------------------------------ the level


async def test_the_check_tells_what_it_is_worth() -> None:
    report = await check("monty", "interpreter")
    assert (report.ok, report.level) == (True, "interpreter")
    assert "Self-test passed" in report.findings[-1]
    assert any("class inheritance" in sentence for sentence in report.offers)


async def test_the_probes_find_out_when_nothing_is_shut() -> None:
    code = f"def FINAL(out): print(*out, sep='|')\ndef peek(): pass\n{PROBES.replace('os.fork', 'os.getpid')}"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"open a file", "run a program", "reach the network", "walk to all classes"} <= set(
        told.stdout.strip().split("|")
    )


async def test_it_is_never_had_without_being_asked_for() -> None:
    with pytest.raises(
        IsolationError, match="`interpreter` at best, less than .* `syscalls`.*RLM_SANDBOX_MIN=interpreter"
    ):
        await SandboxHouse("monty").open()
    assert SandboxHouse("auto").kind == "process"
    assert "Set RLM_SANDBOX_MIN=interpreter" in (refusal("monty", "full") or "")
    assert refusal("monty", "interpreter") is None


async def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'rlm-web[monty]'" in (MontyKind().refusal() or "")


async def test_other_systems_are_told_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(IsolationError, match="RLM_SANDBOX=container.*rlm-web.monty.*RLM_SANDBOX_MIN=interpreter"):
        await SandboxHouse("auto").open()
