"""The worker: exact quotations, for our own prompts and for anybody's."""

import json

import pytest

from tests.engine.offline.texts import CHINESE, GERMAN, MANUAL
from trajectories.engine.errors import ProviderError
from trajectories.engine.offline import extractive, planner

OWN = planner.cell("ask").partition('TASK = """')[2].partition('"""')[0].replace("\\\n", "")


def own_prompt(question: str, passage: str) -> str:
    return f"{OWN}\nQuestion: {json.dumps(question)}\nSection: \nPassage:\n{passage}"


def test_it_answers_the_planners_prompt_with_exact_offsets() -> None:
    items = json.loads(extractive.reply(own_prompt("How long does Hollis need to deliver oil?", MANUAL)))
    assert "nine days" in items[0]["quote"]
    for item in items:
        assert MANUAL[item["start"] :].startswith(item["quote"])


def test_a_definition_is_quoted_with_its_term() -> None:
    best = json.loads(extractive.reply(own_prompt("What is pharology?", MANUAL)))[0]
    assert best["quote"].split() == ["Pharology", "The", "study", "of", "lighthouses."]


def test_items_of_a_list_come_with_the_sentence_that_introduces_them() -> None:
    best = json.loads(extractive.reply(own_prompt("List the tools the keeper needs.", MANUAL)))[0]
    assert [MANUAL[start:end] for start, end in best["items"]][0] == "a wick trimmer"
    assert len(best["items"]) == 3


@pytest.mark.parametrize(
    "prompt",
    [
        "Question: Who supplies the oil?\n\nText:\n{text}",
        "{text}\n\nWho supplies the oil?",
        "Answer from the document.\n<document>\n{text}\n</document>\n<question>Who supplies the oil?</question>",
        "Who supplies the oil? Use only this text.\n```\n{text}\n```",
        "Find who supplies the oil\n\n{text}",
    ],
)
def test_it_finds_question_and_text_in_other_prompts(prompt: str) -> None:
    answer = extractive.reply(prompt.format(text=MANUAL))
    assert "Mr. Hollis" in answer.partition("\n\n")[0]
    assert answer.endswith("Extractive answer, no language model.")


def test_it_says_so_when_the_text_does_not_hold_the_answer() -> None:
    answer = extractive.reply(f"Question: Which volcano erupted in Iceland?\nText:\n{MANUAL}")
    assert answer.startswith("Not found in the text.")


def test_it_says_so_when_there_is_no_text() -> None:
    assert "There is no text" in extractive.reply("Who are you?")


def test_it_fills_a_schema_with_quotations() -> None:
    schema = {
        "type": "object",
        "properties": {"best": {"type": "string"}, "all": {"type": "array", "items": {"type": "string"}}},
    }
    value = json.loads(extractive.reply(f"Question: Who supplies the oil?\nText:\n{MANUAL}", schema))
    assert "Mr. Hollis" in value["best"]
    assert value["best"] in value["all"]


@pytest.mark.parametrize("schema", [{"type": "boolean"}, {"type": "string", "enum": ["yes", "no"]}, True, {}])
def test_it_refuses_a_schema_that_quotations_cannot_fill(schema: object) -> None:
    with pytest.raises(ProviderError) as refused:
        extractive.reply(f"Question: Who supplies the oil?\nText:\n{MANUAL}", schema)
    assert refused.value.kind == "schema"


@pytest.mark.parametrize(
    ("question", "text", "quote"), [("Womit brennt die Lampe?", GERMAN, "Rapsöl"), ("油由谁供应？", CHINESE, "霍利斯")]
)
def test_it_quotes_in_other_languages(question: str, text: str, quote: str) -> None:
    assert quote in json.loads(extractive.reply(own_prompt(question, text)))[0]["quote"]


@pytest.mark.parametrize(
    "prompt", ["", "\n", "?", "\x00\ud800", "Passage:\n", f"{OWN}\nQuestion: {{broken\nPassage:\nx"]
)
def test_it_answers_anything(prompt: str) -> None:
    assert extractive.reply(prompt)


def first_quote(question: str, text: str) -> str:
    return extractive.reply(f"Question: {question}\nText:\n{text}").partition("”")[0].removeprefix("“")


def test_a_sentence_that_only_points_elsewhere_is_no_definition() -> None:
    text = """The format of the Wick control field is described in Wick.

# 5.1 Lists

A control field has a name. After the name of a control field comes its value. No control field is empty.

# 5.2 Wick

This is a yes-or-no field which says that the lamp must never be put out.

# 5.3 Other

No other control field has to do with it.
"""
    assert first_quote("What does the Wick control field mean?", text).startswith("This is a yes-or-no field")


def test_a_definition_word_for_word_goes_before_that_of_a_relative() -> None:
    text = """# Dependencies

Every package must specify the dependency information about others.

# Fields

Depends
    This declares an absolute dependency.
"""
    assert "absolute dependency" in first_quote("What is Depends?", text)


def test_a_number_alone_is_not_quoted_as_a_term() -> None:
    text = "3.8\n    The lamp keeper carries the lamp oil up the stairs every single evening.\n"
    assert first_quote("Who carries the lamp oil?", text).startswith("The lamp keeper")
