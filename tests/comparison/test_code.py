"""Code is compared by what it does: layout does not count, names, strings and numbers do."""

import pytest

from trajectories.comparison.code import LONGEST_PARSED, Codes, normal_code

CODE = 'for x in grep("a", limit=3):\n    print(x.text, 1)'


@pytest.mark.parametrize(
    "same",
    [
        'for x in grep("a", limit=3):\n  print(x.text, 1)\n',
        "# look\nfor x in grep('a',limit = 3):\n\n    print( x.text,1 )  # all",
        'for x in (grep("a", limit=3)): print(x.text, 1)',
    ],
)
def test_layout_comments_and_quotes_do_not_count(same: str) -> None:
    assert normal_code(same).normal == normal_code(CODE).normal


@pytest.mark.parametrize("change", [("x", "y"), ('"a"', '"b"'), ("limit=3", "limit=4"), ("print", "list")])
def test_names_strings_and_numbers_count(change: tuple[str, str]) -> None:
    assert normal_code(CODE.replace(*change)).normal != normal_code(CODE).normal


@pytest.mark.parametrize(
    "broken",
    ["for x in", "print 'a'", "x = '\0'", "(" * 300, "-" * 5_000 + "1", "a.b" + ".c" * 20_000, "[" * 90 + "]" * 90, ""],
)
def test_what_is_no_python_is_compared_line_by_line(broken: str) -> None:
    assert normal_code(f"  {broken}  \n\n").normal == normal_code(broken).normal


def test_very_long_code_is_not_parsed() -> None:
    code = "x = 1\n" * (LONGEST_PARSED // 3)
    assert normal_code(code + "# end").normal != normal_code(code).normal


def test_each_text_is_fetched_once() -> None:
    asked: list[str] = []

    def fetch(shas):
        asked.extend(shas)
        return {sha: f"print({sha!r})" for sha in asked if sha != "gone"}

    codes = Codes(fetch)
    codes.load(["a", "b", "gone"])
    assert codes["a"].normal == "print('a')" and codes["gone"].normal == "" and codes["a"] is codes["a"]
    assert asked == ["a", "b", "gone"]
