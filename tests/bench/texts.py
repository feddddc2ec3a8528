"""Texts of any size for measuring: words that do not repeat too soon, the same at each call."""

import random
from pathlib import Path

BLOCK = 1_000_000
WORDS_A_LINE = 12
LETTERS = "etaoinshrdlucmfwypvbgkqjxz"


def write_text(path: Path, size: int, opening: str = "") -> Path:
    """A file of about `size` characters (as many bytes); every million of them holds a line of its own."""
    chance = random.Random(size)
    blocks = [_block(chance, min(BLOCK, size)) for _ in range(min(8, -(-size // BLOCK)))]
    with path.open("w", encoding="utf-8") as file:
        written = file.write(opening)
        number = 0
        while written < size:
            line = f"\nThe landmark of part {number} is number {chance.randrange(10**9)}.\n"
            written += file.write(line + blocks[number % len(blocks)][: max(0, size - written - len(line))])
            number += 1
    return path


def _block(chance: random.Random, size: int) -> str:
    words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 9))) for _ in range(5_000)]
    lines = []
    length = 0
    while length < size:
        lines.append(" ".join(chance.choices(words, k=WORDS_A_LINE)))
        length += len(lines[-1]) + 1
    return "\n".join(lines)[:size]
