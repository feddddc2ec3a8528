"""An answer as HTML: what a model wrote can neither act nor fetch, and its marks lead to the sources."""

import pytest

from frontend.answers import answer_html, render_answer, with_marks

SOURCES = ["/documents/abc?at=1-9", "/documents/def?at=20-31"]


def test_marks_of_known_sources_become_links_and_others_stay_text() -> None:
    shown = answer_html("So it is [1], [2] and [3].", SOURCES)
    assert 'href="/documents/abc?at=1-9"' in shown and 'data-cite="2"' in shown
    assert "[3]" in shown and 'data-cite="3"' not in shown


def test_marks_in_code_and_in_links_stay_text() -> None:
    shown = answer_html("`x[1]` and [see [1]](https://example.org/)\n\n```\ny[1]\n```", SOURCES)
    assert "data-cite" not in shown and "<code>x[1]</code>" in shown


def test_tables_lists_and_emphasis_are_shown() -> None:
    shown = answer_html("# Title\n\n| a | b |\n|---|--:|\n| **x** | 2 |\n\n- one\n- two", SOURCES)
    assert "<h3>Title</h3>" in shown and "<strong>x</strong>" in shown and "<li>two</li>" in shown
    assert '<td class="num">2</td>' in shown and "style" not in shown


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](/sign-out)",
    "[x](data:text/html,hi)",
    "![x](https://example.org/who-reads-this.png)",
    "<a class=cite data-cite=1 href=//evil.example>1</a>",
    "| a |\n|---|\n| <svg onload=alert(1)> |",
    "```html\n<script>alert(1)</script>\n```",
    '<https://example.org/"onmouseover=alert(1)>',
    "<span class=nosrc title=x>y</span> and <span class='btn primary' onclick=alert(1)>z</span>",
    "[1](javascript:alert(1)) [1]: javascript:alert(1)",
    "**bold <script>alert(1)</script>. <img src=x onerror=alert(1)>** more",
    "“<svg/onload=alert(1)>” [1]. `</span><script>alert(1)</script>` x.",
    "| <script>alert(1)</script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:1) |",
    "a\u2028<script>alert(1)</script>\u2029. b",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("marked", [False, True])
def test_nothing_in_an_answer_acts_or_fetches(hostile: str, marked: bool) -> None:
    shown = (
        render_answer(f"Sourced [1]. {hostile}", ["x", "y"], SOURCES).html if marked else answer_html(hostile, SOURCES)
    )
    tags = [part.partition(">")[0] for part in shown.split("<")[1:]]
    assert not any(tag.startswith(("script", "img", "svg", "iframe")) for tag in tags)
    assert not any(" on" in tag or "javascript:" in tag or "evil" in tag or "sign-out" in tag for tag in tags)


def test_outside_links_carry_no_referrer() -> None:
    assert 'rel="noopener noreferrer nofollow"' in answer_html("[x](https://example.org/)", SOURCES)


def test_quotations_of_sources_get_their_marks_where_the_answer_has_none() -> None:
    quotes = ["The mill was built in 1790.", "It ground corn until 1912."]
    assert (
        with_marks("“The mill was built in 1790.” And more.", quotes) == "“The mill was built in 1790.” [1] And more."
    )
    assert with_marks("“It ground corn until 1912.” [2] The mill was built in 1790.", quotes).count("[") == 1
    assert with_marks("Corn, for long.", quotes) == "Corn, for long."
    assert (
        with_marks("“It ground corn\nuntil 1912.”", ["It ground corn\nuntil 1912."])
        == "“It ground corn until 1912.” [1]"
    )
