"""`rlms`, the reference implementation, with its local REPL."""

from importlib.metadata import version
from pathlib import Path

from driving import Solve, Work, drive
from rlm import RLM
from rlm.logger import RLMLogger


def prepare(work: Work, path: Path) -> Solve:
    text = path.read_text("utf-8")
    engine = RLM(
        backend="openai",
        backend_kwargs={"model_name": work.model, "base_url": work.url, "api_key": "none"},
        environment="local",
        max_depth=work.max_depth,
        logger=RLMLogger(log_dir=work.record) if work.record else None,
        verbose=False,
    )
    return lambda: engine.completion(text, root_prompt=work.question).response


def about() -> str:
    return f"rlms {version('rlms')}, local REPL"


def record_bytes(work: Work) -> int:
    return sum(file.stat().st_size for file in Path(work.record).glob("*.jsonl"))


drive(prepare, about, record_bytes)
