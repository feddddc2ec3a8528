"""Pictures in prompts: code names them by number, the host shows them, the record keeps where they stand."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.conftest import Lab
from trajectories import engine

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Pages:
    names = ("Page 1", "Page 2")

    def read(self, number: int) -> tuple[str, bytes]:
        if number == 1:
            raise engine.DocumentError("Picture 1 of “text 0.txt” cannot be drawn: the file is damaged.")
        return "image/jpeg", b"the bytes of a page"


async def run(lab: Lab, code: str, **more: Any) -> dict[str, Any]:
    question = "What is shown?"
    lab.server.replies("root", [f"```repl\n{code}\n```", "FINAL(done)"], when=question)
    task = lab.task(["The text of a document.\n" * 1_000], question, more)
    document = replace(task.documents[0], pictures=Pages())
    await lab.engine.run(replace(task, documents=(document,)), lab.log.emit)
    return lab.log.kind("cell")[0]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_a_model_is_shown_the_picture_that_code_names(lab: Lab, provider: str) -> None:
    lab.provider = provider
    cell = await run(lab, "print(images)\nprint(llm_call('What is on it?', images=[images[0]]))")
    assert cell["error"] is None if "error" in cell else True
    assert "{'number': 0, 'document': 0, 'name': 'Page 1'}" in cell["stdout"]
    sent = next(request for request in lab.server.requests if request["model"] == "worker")["messages"][0]["content"]
    data = base64.b64encode(b"the bytes of a page").decode()
    assert data in str(sent)
    assert "What is on it?" in str(sent)
    kept = next(node for node in lab.log.kind("lm") if node["role"] == "worker")["request"][0]
    assert [(picture.document, picture.number) for picture in kept.pictures] == [(0, 0)]
    assert "the bytes" not in repr(kept)


async def test_the_root_is_told_of_pictures_only_where_there_are_some(lab: Lab) -> None:
    await run(lab, "print(1)")
    assert "`images` is the list of them (2:" in lab.root_requests()[0]["messages"][1]["content"]
    lab.server.reset()
    await lab.ask(["FINAL(x)"], documents=["x"])
    assert "images" not in lab.root_requests()[0]["messages"][1]["content"]


async def test_each_prompt_of_a_batch_may_have_its_own(lab: Lab) -> None:
    cell = await run(lab, "print(llm_batch(['a', 'b'], images=[[0], []]))")
    assert cell["stdout"] == "['ANS[a]', 'ANS[b]']\n"
    contents = [request["messages"][0]["content"] for request in lab.server.requests if request["model"] == "worker"]
    assert sorted(isinstance(content, list) for content in contents) == [False, True]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("llm_call('x', images=[7])", "Killed"),
        ("llm_call('x', images=['Page 1'])", "TypeError"),
        ("llm_batch(['a', 'b'], images=[[0]])", "ValueError"),
        ("llm_call('x', images=[images[1]])", "cannot be drawn"),
    ],
)
async def test_what_cannot_be_shown_is_an_error_in_the_repl(lab: Lab, code: str, says: str) -> None:
    cell = await run(lab, code)
    assert says in str(cell["error"])


async def test_a_model_that_takes_no_images_is_not_asked(lab: Lab) -> None:
    lab.sees = {"test/worker": False}
    cell = await run(lab, "llm_call('x', images=[0])")
    assert "test/worker takes no images" in cell["error"]["traceback"]
    assert not [request for request in lab.server.requests if request["model"] == "worker"]
