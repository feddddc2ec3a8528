"""One process at a time works in a data folder: a lock says so, and tells others where that process answers."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

NAME = "serve.lock"
DEFAULT_ADDRESS = "http://127.0.0.1:8000"


class DataFolderInUse(Exception):
    """`address` is where the process that holds it answers (empty: it does not answer)."""

    def __init__(self, folder: Path, address: str) -> None:
        where = f" and answers at {address}" if address else ""
        super().__init__(
            f"Another process works with the data folder {folder}{where}. "
            "Stop it, or set RLM_DATA_DIR to another folder."
        )
        self.address = address


class DataFolder:
    """Held from `with` to its end; the kernel lets go of it, too, however the process ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "DataFolder":
        """Raises `DataFolderInUse`."""
        self._handle = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = os.read(self._handle, 200).decode()
            os.close(self._handle)
            raise DataFolderInUse(self._folder, address) from None
        os.ftruncate(self._handle, 0)
        return self

    def answers_at(self, address: str) -> None:
        os.pwrite(self._handle, address.encode(), 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._handle, 0)
        os.close(self._handle)


def address_in_use(folder: Path) -> str:
    """Where the process that holds the folder answers; empty when there is none, or it does not answer."""
    try:
        with DataFolder(folder):
            return ""
    except DataFolderInUse as other:
        return other.address
