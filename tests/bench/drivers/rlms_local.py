"""The local environment of `rlms` by itself, without its loop: prints its figures as JSON (see tests/bench/sandbox.py).

    python rlms_local.py TEXT_FILE

Nothing here imports the project: the environment of `rlms` does not have it.
"""

import contextlib
import json
import os
import re
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rlm.clients.base_lm import BaseLM
from rlm.core.lm_handler import LMHandler
from rlm.core.types import ModelUsageSummary, UsageSummary
from rlm.environments.local_repl import LocalREPL

SMALL = "The text of a small document.\n" * 10_000


class Echo(BaseLM):
    """A model that answers at once."""

    def completion(self, prompt):
        return f"about {prompt}"

    async def acompletion(self, prompt):
        return self.completion(prompt)

    def get_usage_summary(self):
        return UsageSummary(model_usage_summaries={})

    def get_last_usage(self):
        return ModelUsageSummary(total_calls=1, total_input_tokens=1, total_output_tokens=1)


def timed(act):
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def own_bytes():
    return int(re.findall(r"^Private_Dirty:\s+(\d+)", Path("/proc/self/smaps_rollup").read_text(), re.M)[0]) * 1024


def openings():
    return median(timed(lambda: LocalREPL(context_payload=SMALL)) for _ in range(20))


def cells():
    repl = LocalREPL(context_payload=SMALL)
    return median(timed(lambda n=n: repl.execute_code(f"x = {n}\nprint(x)")) for n in range(200))


def model_calls():
    with LMHandler(Echo("echo")) as handler:
        repl = LocalREPL(lm_handler_address=handler.address, context_payload=SMALL)
        code = "import time\nbegan = time.perf_counter()\nfor n in range(200): llm_query(f'q {n}')\n"
        return float(repl.execute_code(code + "print((time.perf_counter() - began) / 200)").stdout)


def mixed_up(count):
    """Of so many REPLs that each print their own number at the same time: those that lost it or printed another's."""
    home = Path.cwd()
    repls = [LocalREPL(context_payload="x") for _ in range(count)]
    barrier = threading.Barrier(count)
    printed = [""] * count

    def run(number):
        barrier.wait()
        code = f"import time\nfor _ in range(5):\n    print('child {number:02}'); time.sleep(0.002)"
        with contextlib.suppress(OSError):
            printed[number] = repls[number].execute_code(code).stdout

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # each may have put another's back,
    os.chdir(home)  # and left the process in the folder of another
    return sum(said != f"child {number:02}\n" * 5 for number, said in enumerate(printed))


def large(path):
    """Seconds to the end of a first cell, of a second REPL's, and the bytes of a third one."""
    text = path.read_text("utf-8")
    kept = []

    def first_cell():
        kept.append(LocalREPL(context_payload=text))
        assert kept[-1].execute_code("print(len(context))").stdout.strip() == str(len(text))

    cold, warm = timed(first_cell), timed(first_cell)
    before = own_bytes()
    first_cell()
    grown = own_bytes() - before
    code = "import re, time\nbegan = time.perf_counter()\n"
    code += "n = sum(1 for _ in re.finditer(r'needle at \\w+ end', context))\n"
    searched = float(kept[0].execute_code(code + "print(time.perf_counter() - began)").stdout)
    for repl in kept:
        repl.cleanup()
    return {"cold": cold, "warm": warm, "further bytes": grown, "regex": searched}


def many():
    """A hundred at once: seconds to open them all."""
    return timed(lambda: [LocalREPL(context_payload=SMALL) for _ in range(100)])


def reaches_files():
    return bool(LocalREPL(context_payload="x").execute_code("print(len(open('/proc/self/environ').read()))").stdout)


figures = {
    "about": f"rlms {version('rlms')}, local environment",
    "opening": openings(),
    "cell": cells(),
    "call": model_calls(),
    "hundred": many(),
    "mixed 8": mixed_up(8),
    "mixed 64": mixed_up(64),
    "files": reaches_files(),
    **large(Path(sys.argv[1])),
}
print(json.dumps(figures), file=sys.__stdout__)
