"""The REPL by itself: how fast it is and how much memory it takes, beside the local environment of `rlms`.

    python -m tests.bench.sandbox [--mb 400] [--alone] [--environments FOLDER] [--kind container]

With another kind than `process`, only what is comparable is measured, and without `rlms`.

`rlms` is installed from PyPI into an environment of its own (kept with `--environments`). Its local environment runs
code by `exec` in the engine's own process: it has no process to start, and nothing between code and machine.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.peers import PACKAGES, Skipped, _environment
from tests.engine.sandbox.driving import Driven, document, echo, file_document
from trajectories.engine.sandbox import KINDS, Held, ReplSandbox, SandboxHouse
from trajectories.engine.types import CallResult, Document, ReplSettings

DRIVER = Path(__file__).parent / "drivers" / "rlms_local.py"
LINE = "A line of some length, as there are many in a large document of this kind.\n"
NEEDLE = "the needle at the end\n"
SMALL = "The text of a small document.\n" * 10_000
Figures = dict[str, Any]

IN_A_CELL = """
import re, time
def timed(act, times):
    best = 9e9
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times): act()
        best = min(best, (time.perf_counter() - began) / times)
    return best
plain = str(context)
def through(text):
    for _ in text: pass
print({
    "slice": timed(lambda: context[100:110], 20_000), "plain slice": timed(lambda: plain[100:110], 20_000),
    "find": timed(lambda: context.find("not there"), 20), "plain find": timed(lambda: plain.find("not there"), 20),
    "walk": timed(lambda: through(context), 3), "plain walk": timed(lambda: through(plain), 3),
    "words": timed(lambda: re.findall(r"\\\\w+", context), 3),
    "plain words": timed(lambda: re.findall(r"\\\\w+", plain), 3),
    "split": timed(lambda: context.split("\\\\n"), 20), "plain split": timed(lambda: plain.split("\\\\n"), 20),
})
"""
REGEX = """
import re, time
began = time.perf_counter()
n = sum(1 for _ in re.finditer(r"needle at \\w+ end", context))
print(time.perf_counter() - began)
"""
GREPS = {
    "grep: words at the end": "grep('needle at the end')",
    "grep: an expression": "grep(r'needle at \\w+ end')",
    "grep: any case": "grep('NEEDLE at the end', ignore_case=True)",
    "grep: .*": "grep(r'.*needle.*')",
}
HOPELESS = ("(a+)+$x", r"(?s)(.*,){20}X", r"[^@]+@[^@]+@")


class Bench:
    """What is measured of ours."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path = path
        self._house = SandboxHouse(kind, minimum="none")
        self._small = document(SMALL)

    async def brief(self) -> Figures:
        """What any kind can be asked."""
        began = time.perf_counter()
        await self._house.open()
        found: Figures = {
            "about": f"ours, kind `{self._house.kind}`, isolation `{self._house.level}`",
            "house": time.perf_counter() - began,
        }
        found |= {"opening": await self._openings(8), "cell": await self._cells(), "call": await self._calls()}
        found |= {"mixed 8": await self._mixed_up(8), "files": False}
        await self._house.close()
        return found

    async def figures(self) -> Figures:
        began = time.perf_counter()
        await self._house.open()
        found: Figures = {"about": f"ours, isolation `{self._house.level}`", "house": time.perf_counter() - began}
        await self._sandbox(self._small)  # whatever is loaded in the background is there now
        found |= {"opening": await self._openings(40), "cell": await self._cells(), "call": await self._calls()}
        found |= await self._idle() | await self._hundred()
        found |= {f"mixed {count}": await self._mixed_up(count) for count in (8, 64)}
        found |= {"files": False} | await self._in_a_cell() | await self._large()
        await self._house.close()
        return found

    async def _sandbox(self, text: Document, held: Held | None = None) -> Driven:
        sandbox = await self._house.sandbox([text], ReplSettings(), held=held)
        assert isinstance(sandbox, ReplSandbox)
        return Driven(sandbox, echo)

    async def _openings(self, count: int) -> float:
        seconds = []
        for _ in range(count):
            began = time.perf_counter()
            repl = await self._sandbox(self._small)
            seconds.append(time.perf_counter() - began)
            await repl.sandbox.close()
        return median(seconds)

    async def _cells(self) -> float:
        repl = await self._sandbox(self._small)
        return median([await _timed(lambda n=n: repl(f"x = {n}\nprint(x)")) for n in range(200)])

    async def _calls(self) -> float:
        repl = await self._sandbox(self._small)
        code = "import time\nbegan = time.perf_counter()\nfor n in range(200): llm_query(f'q {n}')\n"
        return float((await repl(code + "print((time.perf_counter() - began) / 200)")).stdout)

    async def _idle(self) -> Figures:
        repl = await self._sandbox(document("text"))
        return {"idle bytes": _own_bytes(repl)}

    async def _hundred(self) -> Figures:
        began = time.perf_counter()
        repls = await asyncio.gather(*[self._sandbox(self._small) for _ in range(100)])
        seconds = time.perf_counter() - began
        outs = await asyncio.gather(*[repl.out(f"print({number})") for number, repl in enumerate(repls)])
        assert outs == [f"{number}\n" for number in range(100)]
        taken = sum(map(_own_bytes, repls))
        await asyncio.gather(*[repl.sandbox.close() for repl in repls])
        return {"hundred": seconds, "hundred bytes": taken}

    async def _mixed_up(self, count: int) -> int:
        repls = await asyncio.gather(*[self._sandbox(document("x")) for _ in range(count)])
        code = "import time\nfor _ in range(5):\n    print('child {:02}'); time.sleep(0.002)"
        printed = await asyncio.gather(*[repl.out(code.format(number)) for number, repl in enumerate(repls)])
        await asyncio.gather(*[repl.sandbox.close() for repl in repls])
        return sum(said != f"child {number:02}\n" * 5 for number, said in enumerate(printed))

    async def _in_a_cell(self) -> Figures:
        repl = await self._sandbox(self._small)
        return dict(eval(await repl.out(IN_A_CELL.replace("\\\\", "\\"))))  # noqa: S307 - our own code printed it

    async def _large(self) -> Figures:
        text = file_document(self._path)
        held = Held(key="bench", documents=(text,))
        repls: list[Driven] = []

        async def first_cell() -> None:
            repls.append(await self._sandbox(text, held))
            assert await repls[-1].out("print(len(context))") == f"{text.text.chars}\n"

        found: Figures = {
            "cold": await _timed(first_cell),
            "warm": median([await _timed(first_cell) for _ in range(5)]),
        }
        found["further bytes"] = _own_bytes(repls[-1])
        found["regex"] = float(await repls[0].out(REGEX))
        for name, code in GREPS.items():
            found[name] = await _timed(lambda code=code: repls[0](f"_ = {code}"))
        found["hopeless"] = max([await _timed(lambda p=p: repls[0](f"_ = grep({p!r})")) for p in HOPELESS])
        assert (await repls[0]("print('alive')")).stdout == "alive\n"
        found |= await self._pass(repls[1])
        for repl in repls:
            await repl.sandbox.close()
        return found

    async def _pass(self, repl: Driven) -> Figures:
        repl.answer = lambda item: CallResult(value="ok")
        code = "r = llm_batch([f'Q: {context[i:i + 50_000]}' for i in range(0, len(context), 50_000)][:4000])"
        seconds = await _timed(lambda: repl(code))
        items = repl.calls[-1].items
        quoted = sum(quote.length for item in items for quote in item.prompt.quotes)
        return {"pass": seconds, "quoted": quoted / sum(len(item.prompt.text) - 3 for item in items)}


async def _timed(act: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began


def _own_bytes(repl: Driven) -> int:
    """Memory that nobody shares with it."""
    assert repl.sandbox._child is not None
    told = Path(f"/proc/{repl.sandbox._child.pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Private_Dirty:\s+(\d+)", told, re.MULTILINE)[0]) * 1024


# ------------------------------------------------------------------------------------------------------- the table

Shown = tuple[str, str, str, str]
"""Title, key of the figure, unit, aim."""
ROWS: list[Shown] = [
    ("house, with self-test", "house", "ms", ""),
    ("opening a REPL on 300 KB", "opening", "ms", "20 ms"),
    ("a cell's round trip", "cell", "ms", "1 ms"),
    ("a model call's round trip", "call", "ms", "1 ms"),
    ("an idle REPL's own memory", "idle bytes", "MB", "3 MB"),
    ("100 REPLs at once", "hundred", "s", ""),
    ("… memory of their own", "hundred bytes", "MB", ""),
    ("8 print at once: mixed up", "mixed 8", "", "0"),
    ("64 print at once: mixed up", "mixed 64", "", "0"),
    ("code reads the host's files", "files", "", "no"),
    ("slice of 10 characters", "slice", "us", "1 us"),
    ("… of a plain str", "plain slice", "us", ""),
    ("find in 300 KB", "find", "us", "as plain"),
    ("… in a plain str", "plain find", "us", ""),
    ("a walk through 300 KB", "walk", "us", "as plain"),
    ("… through a plain str", "plain walk", "us", ""),
    ("re.findall of all words", "words", "us", "as plain"),
    ("… of a plain str", "plain words", "us", ""),
    ("split into lines", "split", "us", "as plain"),
    ("… of a plain str", "plain split", "us", ""),
    ("large text: first cell, cold", "cold", "ms", "1500 ms (400 MB)"),
    ("… warm", "warm", "ms", "200 ms (400 MB)"),
    ("… memory of a further REPL", "further bytes", "MB", "5 MB"),
    ("… re.finditer to its end", "regex", "ms", "as plain"),
    *((f"… {name}", name, "ms", "") for name in GREPS),
    ("… grep with hopeless patterns", "hopeless", "s", "in time"),
    ("… batch over 200 MB of it", "pass", "s", ""),
    ("… known as quotations", "quoted", "part", "1"),
]
FACTORS = {"ms": 1e3, "us": 1e6, "s": 1.0, "MB": 1e-6, "": 1.0, "part": 1.0}


def shown(figures: Figures, key: str, unit: str) -> str:
    if key not in figures:
        return "–"
    value = figures[key]
    if isinstance(value, bool):
        return "yes" if value else "no"
    scaled = value * FACTORS[unit]
    digits = 0 if scaled >= 100 or unit == "" else 1 if scaled >= 10 else 2
    return f"{scaled:.{digits}f} {unit if unit != 'part' else ''}".strip()


def table(ours: Figures, theirs: Figures) -> None:
    for title, key, unit, aim in [row for row in ROWS if row[1] in {*ours, *theirs}]:
        print(f"{title:34}{shown(ours, key, unit):>14}{shown(theirs, key, unit):>14}   {aim}".rstrip())
    print("\n" + "\n".join(figures["about"] for figures in (ours, theirs) if figures))


def of_rlms(path: Path, environments: Path) -> Figures:
    """Raises `Skipped`."""
    python = _environment(environments / "rlms", PACKAGES["rlms"])
    done = subprocess.run([python, DRIVER, path], capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Skipped((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=400, help="size of the large text")
    parser.add_argument("--alone", action="store_true", help="without rlms")
    parser.add_argument("--kind", default="process", choices=list(KINDS), help="what REPLs run in")
    parser.add_argument("--environments", type=Path, metavar="FOLDER", help="keeps what is installed for next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rlm-sandbox-") as scratch:
        path = Path(scratch) / "large.txt"
        path.write_text(LINE * (options.mb * 1_000_000 // len(LINE)) + NEEDLE)
        load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
        print(f"{os.cpu_count()} processors, load {load}; large text of {options.mb} MB")
        print(f"{'':34}{'ours':>14}{'rlms':>14}   aim")
        theirs: Figures = {}
        bench = Bench(path, options.kind)
        if options.kind != "process":
            table(asyncio.run(bench.brief()), theirs)
            return
        if not options.alone:
            try:
                theirs = of_rlms(path, (options.environments or Path(scratch)).resolve())
            except Skipped as reason:
                print(f"rlms is left out: {reason}")
        table(asyncio.run(bench.figures()), theirs)


if __name__ == "__main__":
    main()
