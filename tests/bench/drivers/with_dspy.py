"""`dspy.RLM`: in Deno where that can load its modules, else in dspy's local interpreter."""

import functools
import logging
from collections.abc import Callable
from pathlib import Path

import dspy
from driving import Solve, Work, drive
from dspy.primitives.code_interpreter import CodeInterpreterError
from dspy.primitives.python_interpreter import PythonInterpreter

MOST_CALLS = 100_000
logging.getLogger("dspy").setLevel(logging.ERROR)


@functools.cache
def interpreter() -> Callable:
    """Deno may be missing, or without a way to what it loads when it starts."""
    try:
        with PythonInterpreter() as probe:
            probe.execute("print(1)")
    except (CodeInterpreterError, OSError, RuntimeError):
        return dspy.LocalInterpreter
    return PythonInterpreter


def prepare(work: Work, path: Path) -> Solve:
    text = path.read_text("utf-8")
    model = dspy.LM(f"openai/{work.model}", api_base=work.url, api_key="none", cache=False, num_retries=0)
    factory = interpreter()

    def solve() -> str:
        with dspy.context(lm=model):
            program = dspy.RLM("context, query -> answer", max_llm_calls=MOST_CALLS, interpreter_factory=factory)
            return program(context=text, query=work.question).answer

    return solve


def about() -> str:
    return f"dspy {dspy.__version__}, {interpreter().__name__}"


drive(prepare, about)
