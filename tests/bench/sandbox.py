"""How fast the sandbox is: `python -m tests.bench.sandbox [--large]` (`--large` adds a document of 400 MB)."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.engine.sandbox.driving import Driven, document, echo, file_document
from trajectories.engine.sandbox import SandboxHouse
from trajectories.engine.types import CallResult, Document, ReplSettings

LARGE_BYTES = 400_000_000
SLICES = """
import time
def timed(name, act, times):
    began = time.perf_counter()
    for _ in range(times):
        act()
    print(f"{name:32} {(time.perf_counter() - began) / times * 1e6:10.2f} us")
plain = str(context)
timed("slice of 10 characters", lambda: context[100:110], 100_000)
timed("the same of a plain str", lambda: plain[100:110], 100_000)
timed("slice of 10,000 characters", lambda: context[100:10_100], 20_000)
timed("the same of a plain str", lambda: plain[100:10_100], 20_000)
timed("one character", lambda: context[7], 100_000)
timed("find", lambda: context.find("not there"), 50)
timed("the same in a plain str", lambda: plain.find("not there"), 50)
"""
SEARCHES = """
import re, time
def timed(name, act):
    began = time.perf_counter()
    result = act()
    print(f"{name:32} {(time.perf_counter() - began) * 1e3:10.1f} ms   {result}")
timed("len", lambda: len(context))
timed("grep, a word at the end", lambda: len(grep("needle at the end")))
timed("grep, an expression", lambda: len(grep(r"needle at \\w+ end")))
timed("re.finditer, the same", lambda: sum(1 for _ in re.finditer(r"needle at \\w+ end", context)))
timed("grep, ignoring case", lambda: len(grep("needle at the end", ignore_case=True)))
timed("count of lines", lambda: context.count("\\n"))
"""


async def main(large: bool) -> None:
    house = SandboxHouse()
    await _timed("house, with self-test", house.open)
    small = document("The text of a small document.\n" * 10_000)
    await _openings(house, small)
    await _cells(house, small)
    if large:
        await _large(house)
    await _timed("closing the house", house.close)


async def _openings(house: SandboxHouse, small: Document) -> None:
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        sandbox = await house.sandbox([small], ReplSettings())
        seconds.append(time.perf_counter() - began)
        await sandbox.close()
    print(f"{'REPL on 300 KB, median of 20':32} {median(seconds) * 1e3:10.1f} ms")
    began = time.perf_counter()
    sandboxes = await asyncio.gather(*[house.sandbox([small], ReplSettings()) for _ in range(16)])
    print(f"{'16 REPLs at once':32} {(time.perf_counter() - began) * 1e3:10.1f} ms")
    await asyncio.gather(*[sandbox.close() for sandbox in sandboxes])


async def _cells(house: SandboxHouse, small: Document) -> None:
    repl = Driven(await house.sandbox([small], ReplSettings()), echo)
    seconds = []
    for number in range(200):
        began = time.perf_counter()
        await repl(f"x = {number}\nprint(x)")
        seconds.append(time.perf_counter() - began)
    print(f"{'cell, median of 200':32} {median(seconds) * 1e3:10.2f} ms")
    await _timed("batch of 10,000 prompts", lambda: repl("r = llm_batch([f'q {n}' for n in range(10_000)])"))
    print(await repl.out(SLICES), end="")
    await repl.sandbox.close()


async def _large(house: SandboxHouse) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.txt"
        line = "A line of some length, as there are many in a large document of this kind.\n"
        path.write_text(line * (LARGE_BYTES // len(line)) + "the needle at the end\n")
        made = file_document(path)
        began = time.perf_counter()
        repl = Driven(await house.sandbox([made], ReplSettings()), lambda item: CallResult(value="ok"))
        print(f"{'REPL on 400 MB':32} {(time.perf_counter() - began) * 1e3:10.1f} ms")
        print(await repl.out(SEARCHES), end="")
        code = "r = llm_batch([f'Q: {context[i:i + 50_000]}' for i in range(0, len(context), 50_000)][:4000])"
        await _timed("batch over 200 MB of it", lambda: repl(code))
        quoted = sum(quote.length for item in repl.calls[-1].items for quote in item.prompt.quotes)
        print(f"{'… of that found as quotations':32} {quoted:,} characters")
        await repl.sandbox.close()


async def _timed(name: str, act: object) -> None:
    began = time.perf_counter()
    await act()  # type: ignore[operator]
    print(f"{name:32} {(time.perf_counter() - began) * 1e3:10.1f} ms")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--large", action="store_true")
    asyncio.run(main(arguments.parse_args().large))
