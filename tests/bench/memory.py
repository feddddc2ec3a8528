"""How much memory a process and all below it take, as the kernel counts it (Linux)."""

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

MB = 1_000_000
SECONDS_BETWEEN_LOOKS = 0.02


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a whole tree of processes."""

    resident: int
    """Pages shared by several processes counted in each of them."""
    own_share: int
    """Such pages divided among those that share them: what the tree really takes."""


def memory_of(pid: int) -> Memory:
    trees = [_of_process(each) for each in _tree(pid)]
    return Memory(sum(each.resident for each in trees), sum(each.own_share for each in trees))


class Peak:
    """`with Peak(pid) as peak:` looks again and again; `peak.bytes` is the most that was seen (own shares)."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory")

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.bytes = max(self.bytes, memory_of(self._pid).own_share)
            if self._ended.wait(SECONDS_BETWEEN_LOOKS):
                return


def _tree(pid: int) -> Iterator[int]:
    yield pid
    children = ""
    with contextlib.suppress(OSError):  # it has ended in the meantime
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text()
    for child in children.split():
        yield from _tree(int(child))


def _of_process(pid: int) -> Memory:
    """Nothing for one that has ended; resident for both figures where the kernel does not tell shares."""
    folder = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        rollup = (folder / "smaps_rollup").read_text()
        return Memory(_bytes("Rss", rollup), _bytes("Pss", rollup))
    with contextlib.suppress(OSError):
        resident = _bytes("VmRSS", (folder / "status").read_text())
        return Memory(resident, resident)
    return Memory(0, 0)


def _bytes(name: str, text: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
