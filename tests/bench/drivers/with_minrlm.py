"""`minrlm`, with its REPL in the same process."""

from importlib.metadata import version
from pathlib import Path

from driving import Solve, Work, drive
from minrlm import RLM

MOST_CALLS = 100_000
MOST_SECONDS = 600


def prepare(work: Work, path: Path) -> Solve:
    text = path.read_text("utf-8")
    engine = RLM(
        model=work.model,
        base_url=work.url,
        api_key="none",
        max_iterations=20,
        max_sub_llm_calls=MOST_CALLS,
        max_time_seconds=MOST_SECONDS,
    )
    return lambda: engine.completion(work.question, text).response


def about() -> str:
    return f"minrlm {version('minrlm')}, REPL in the process"


drive(prepare, about)
