"""Server-sent events out of bytes that come in pieces cut anywhere, as the HTML standard reads them (section 9.2.6)."""

from collections.abc import Iterator


class EventReader:
    """Takes pieces, gives the `data` of each event that is complete."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """The line that is not complete yet, in the pieces it came in."""
        self._data: list[str] = []
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[str]:
        """The events that end within this piece."""
        for line in self._lines(piece):
            event = self._line(line)
            if event is not None:
                yield event

    def end(self) -> Iterator[str]:
        """The event of a server that forgot the empty line after its last one."""
        yield from self.feed(b"\n\n\n")

    def _lines(self, piece: bytes) -> list[bytes]:
        """Whole lines, ended by LF, CRLF or CR. A CR at the very end may be half of a CRLF: it has to wait."""
        if not piece or not (b"\n" in piece or b"\r" in piece or (self._rest and self._rest[-1].endswith(b"\r"))):
            self._rest.append(piece)
            return []
        data = b"".join((*self._rest, piece))
        held = b"\r" if data.endswith(b"\r") else b""
        *lines, rest = data.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = [rest + held]
        return lines

    def _line(self, line: bytes) -> str | None:
        """The event's data when this line ends one."""
        if not self._begun:
            self._begun = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        return None
