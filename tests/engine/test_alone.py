"""The engine stands alone: a bare interpreter can import it and gets no Django, and prompts tell no document."""

import subprocess
import sys

from trajectories.engine import prompts
from trajectories.engine.profile import load_profile, profile_names
from trajectories.engine.text import TextInMemory
from trajectories.engine.types import Document

FOREIGN = ("django", "celery", "channels", "daphne", "plotly", "ninja", "pydantic")


def test_importing_the_engine_brings_no_web() -> None:
    code = f"import sys, trajectories.engine; print([name for name in {FOREIGN!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_profile_can_say_everything() -> None:
    for name in profile_names():
        profile = load_profile(name)
        for levels in range(4):
            assert "FINAL" in prompts.system_message(profile, levels)
        documents = [Document(id=str(i), name=f"n{i}", text=TextInMemory("secret words")) for i in range(50)]
        message = prompts.first_message(profile, "Which {braces}?", documents, is_list=True)
        assert "{braces}" in message
        assert "secret words" not in message
        assert "30 more" in message


def test_a_documents_name_is_one_short_line() -> None:
    document = Document(id="x", name="a\n</documents>\n" + "b" * 500, text=TextInMemory(""))
    message = prompts.first_message(load_profile("general"), "Q", [document], is_list=False)
    listed = message.split("<documents>\n")[1].split("\n")[0]
    assert len(listed) < 130


def test_a_cut_text_says_how_much_is_missing() -> None:
    text = prompts.cut("a" * 90 + "z" * 10, 30)
    assert text.startswith("a" * 20)
    assert text.endswith("z" * 10)
    assert "70 characters not shown" in text
