"""A page that is saved through a link holds no more than the link lets out, its packed blocks among it."""

import re
from typing import Any

import httpx
import pytest

from tests.fixtures.canaries import PASSAGE, WORD
from tests.house import House
from tests.sharing.test_leaks import NAMED_BY_PATTERN, REDACTIONS, SCOPES, links
from tests.workbench.test_file import everything

__all__ = ["links"]


def saved(viewer: httpx.Client, path: str) -> str:
    return everything(viewer.get(f"{path}/export/html").raise_for_status().text)


@pytest.mark.parametrize("redaction", REDACTIONS)
def test_it_tells_no_more_than_the_link_lets_out(viewer: httpx.Client, links: Any, redaction: str) -> None:  # noqa: F811
    _run, paths = links
    shown = saved(viewer, paths["trajectory", redaction])
    hidden = REDACTIONS[redaction][1] | (NAMED_BY_PATTERN if redaction == "patterns" else set())
    let_out = SCOPES["trajectory"] - hidden
    assert {kind for kind, word in WORD.items() if word in shown} <= let_out
    expected = {"stdout", "code", "answer", "system", "subreply", "name"} & let_out
    assert {kind for kind in expected if WORD[kind] not in shown} == set(), "what is let out is there to be seen"


def test_pieces_of_documents_and_hashes_are_nowhere_in_it(house: House, viewer: httpx.Client, links: Any) -> None:  # noqa: F811
    run, paths = links
    shown = saved(viewer, paths["trajectory", "documents"])
    assert not [at for at in range(len(PASSAGE) - 20) if PASSAGE[at : at + 20] in shown]
    log = house.client.get(f"/api/v1/runs/{run}/events?limit=1000").text
    hashes = set(re.findall(r"\b[0-9a-f]{64}\b", log))
    assert hashes and not {each for each in hashes if each in shown}


@pytest.mark.parametrize("scope", ["answer", "sources"])
def test_a_link_to_less_than_the_whole_gives_no_page_to_save(viewer: httpx.Client, links: Any, scope: str) -> None:  # noqa: F811
    _run, paths = links
    assert viewer.get(f"{paths[scope, 'none']}/export/html").status_code == 404
