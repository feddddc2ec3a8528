"""Large texts in large pages, where the kernel can (Linux 6.1): a fork then copies a few hundred entries for them, not
a hundred thousand, and no REPL pays for a page fault every 4 KB when it first goes through a text."""

import re
import time

from . import kernel

LARGE = 4 << 20
SECONDS = 0.7
"""At most. It takes 0.2 s a gigabyte where large pages are at hand, and far longer where they must be made free."""
_STEP = 16 << 20
_PAGE = 2 << 20
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$", re.MULTILINE)
"""Memory that is not of a file, the heap or the stack."""


def gather() -> None:
    """Puts the pages of this process's large pieces of memory together, as far as there is time."""
    deadline = time.monotonic() + SECONDS
    try:
        with open("/proc/self/maps") as file:  # noqa: PTH123
            found = [(int(low, 16), int(high, 16)) for low, high in _MAPPING.findall(file.read())]
        for low, high in found:
            if high - low < LARGE:
                continue
            for start in range(-(-low // _PAGE) * _PAGE, high - _PAGE, _STEP):
                if time.monotonic() > deadline:
                    return
                kernel.collapse(start, min(_STEP, high - start))
    except OSError:
        return  # an older kernel, one without large pages, or none of them free: all works without
