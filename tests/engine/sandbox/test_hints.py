"""What a model is told after a mistake that models often make: one sentence that helps."""

import pytest

from tests.engine.sandbox.driving import Opener
from trajectories.engine.types import CallResult

BAD = CallResult(error_kind="timeout", error_message="The model did not answer in time.")
pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_FILES = "Files are not available in the REPL; the text is in `context`."
NO_NETWORK = "There is no network in the REPL; the text is in `context`."
NO_PROCESSES = "Other programs and processes are not available in the REPL; many prompts run at once with llm_batch."

ONE = {
    "open('notes.txt')": NO_FILES,
    "open('/data/0.txt').read()": "Files are not available in the REPL; this document is `context`.",
    "with open('out.json', 'w') as f: f.write('x')": NO_FILES,
    "import os\nos.listdir('.')": NO_FILES,
    "from pathlib import Path\nPath('a.txt').read_text()": NO_FILES,
    "import csv\nlist(csv.reader(open('a.csv')))": NO_FILES,
    "import sqlite3\nsqlite3.connect('x.db').execute('select 1')": None,
    "import urllib.request\nurllib.request.urlopen('http://example.org/')": NO_NETWORK,
    "import socket\nsocket.create_connection(('example.org', 80))": NO_NETWORK,
    "import requests": NO_NETWORK,
    "import subprocess\nsubprocess.run(['ls'])": NO_PROCESSES,
    "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()": NO_PROCESSES,
    "import nltk": "Only Python's standard library can be imported here, and nothing can be installed.",
    "!pip install nltk": "This is plain Python: no commands with ! or %, and nothing can be installed.",
    "print(text[:100])": "The text is in `context`.",
    "len(document)": "The text is in `context`.",
    "json.loads('{}')": "`import json` first.",
    "re.findall('a', context)": "`import re` first.",
    "llm_bach(['a'])": "Did you mean `llm_batch`?",
    "chunks = [1]\nprint(chunk)": "Did you mean `chunks`?",
    "zzz": None,
    "exit()": "FINAL(answer) ends the work.",
    "input('more? ')": None,
    "llm_call('x').answer": None,
    "r = llm_batch(['bad'])\nr[0].strip()": "check with isinstance(item, LLMError)",
    "''.join(llm_batch(['bad']))": "check with isinstance(item, LLMError)",
    "list = [1]\nlist(range(3))": "`list` is a variable of yours now, not the built-in function: `del list`",
    "grep('t')[0].start()": "Matches of grep have numbers: match.start and match.end, without parentheses.",
    "import asyncio\nawait asyncio.sleep(0)": "There is nothing to await: llm_batch already asks in parallel.",
    'd = {}\nf"{d["a"]}"': "Inside the braces of an f-string use the other kind of quotes",
    "import json\njson.loads(llm_call('give me JSON'))": "asked with schema={…} gives a checked object",
    "x = 'x' * (2 << 30)": "There are 1,024 MiB beside `context`",
    "1 / 0": None,
}
SEVERAL = {
    "context.split()": "`context` is a list of 2 texts here: take one of them, such as context[0].",
    "context[2]": "`context` has 2 texts, from context[0] on.",
    "open('1.txt')": "Files are not available in the REPL; this document is `context[1]`.",
    "x = [1]\nx.upper()": "This is a list; join its items to a text, or take one of them.",
}


@pytest.mark.parametrize("code", ONE)
async def test_a_mistake_gets_its_hint(opened: Opener, code: str) -> None:
    await _check(opened, ("the text",), code, ONE[code])


@pytest.mark.parametrize("code", SEVERAL)
async def test_a_mistake_with_several_documents_gets_its_hint(opened: Opener, code: str) -> None:
    await _check(opened, ("one", "two"), code, SEVERAL[code])


async def _check(opened: Opener, texts: tuple[str, ...], code: str, hint: str | None) -> None:
    repl = await opened(*texts, answer=lambda item: BAD if item.prompt.text == "bad" else CallResult(value="no JSON"))
    error = await repl.error(code)
    if hint is None:
        assert "Hint:" not in error
    else:
        assert error.splitlines()[-1].startswith("Hint: ")
        assert hint in error.splitlines()[-1]
