"""Calls to models from code: checked here for a good error message, answered by the host."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .channel import CallDropped, Channel
from .quoting import Part, Quoter
from .texts import ContextText

MOST_CALLS = 1_000
"""In one cell."""
MOST_ITEMS = 10_000
"""In one call."""
PROMPT_CHARS = 8 << 20
CALL_CHARS = 256 << 20
SCHEMA_CHARS = 64 << 10
_FRAME_CHARS = 1 << 20
_PIECE_CHARS = 1 << 20


class LLMError(Exception):
    """A model call that failed: `kind` is a word (timeout, rate_limit, depth …), `message` a sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return LLMError, (self.kind, self.message)

    def __repr__(self) -> str:
        return f"LLMError(kind={self.kind!r}, message={self.message!r})"


class Calls:
    """The functions of the REPL that ask models, and the reference implementation's names for them."""

    def __init__(self, channel: Channel, quoter: Quoter, depth: int) -> None:
        self._channel = channel
        self._quoter = quoter
        self._depth = depth
        self._cell = ""
        self._made = 0
        self.asked = False

    def begin(self, cell: str) -> None:
        self._cell, self._made = cell, 0
        self._quoter.begin_cell()

    def functions(self, tools: Sequence[str]) -> dict[str, Any]:
        """All that code may call models by, and the host functions of these names."""
        asking = (self.llm_call, self.llm_batch, self.rlm_call, self.rlm_batch)
        theirs = (self.llm_query, self.llm_query_batched, self.rlm_query, self.rlm_query_batched)
        named = {function.__name__: function for function in (*asking, *theirs)}
        return {**named, **{name: self.tool(name) for name in tools}}

    def llm_call(
        self, prompt: str, role: str = "worker", model: str | None = None, schema: Any = None, images: Any = None
    ) -> Any:
        item = {"prompt": _text("prompt", prompt), "images": _images(images)}
        return _raised(self._ask("llm", [item], False, role, model, schema)[0])

    def llm_batch(
        self,
        prompts: Sequence[str],
        role: str = "worker",
        model: str | None = None,
        schema: Any = None,
        images: Any = None,
    ) -> list[Any]:
        texts = _texts("prompts", prompts, "llm_call")
        shown = [None] * len(texts) if images is None else images
        if not isinstance(shown, list | tuple) or len(shown) != len(texts):
            raise ValueError(f"llm_batch wants as many lists of images as prompts ({len(texts)}), in a list")
        items = [{"prompt": text, "images": _images(one)} for text, one in zip(texts, shown, strict=True)]
        return self._ask("llm", items, True, role, model, schema)

    def rlm_call(self, prompt: str, context: Any = None, role: str = "root", model: str | None = None) -> Any:
        item = {"prompt": _text("prompt", prompt), "context": _context(context)}
        return _raised(self._ask("rlm", [item], False, role, model, None)[0])

    def rlm_batch(
        self, prompts: Sequence[str], contexts: Any = None, role: str = "root", model: str | None = None
    ) -> list[Any]:
        texts = _texts("prompts", prompts, "rlm_call")
        given = [None] * len(texts) if contexts is None else contexts
        if not isinstance(given, list | tuple) or len(given) != len(texts):
            raise ValueError(f"rlm_batch wants as many contexts as prompts ({len(texts)}), in a list")
        items = [{"prompt": text, "context": _context(one)} for text, one in zip(texts, given, strict=True)]
        return self._ask("rlm", items, True, role, model, None)

    def llm_query(self, prompt: str, model: str | None = None) -> Any:
        return _as_text(lambda: self.llm_call(prompt, model=model))

    def llm_query_batched(self, prompts: Sequence[str], model: str | None = None) -> list[Any]:
        return _as_texts(lambda: self.llm_batch(prompts, model=model), prompts)

    def rlm_query(self, prompt: str, model: str | None = None) -> Any:
        return _as_text(lambda: self.rlm_call(prompt, model=model))

    def rlm_query_batched(self, prompts: Sequence[str], model: str | None = None) -> list[Any]:
        return _as_texts(lambda: self.rlm_batch(prompts, model=model), prompts)

    def tool(self, name: str) -> Callable[..., Any]:
        """A function of the host's side, as code calls it."""

        def call(*positional: Any, **named: Any) -> Any:
            try:
                arguments = json.dumps([positional, named])
            except (TypeError, ValueError) as error:
                raise TypeError(f"{name} takes plain values (text, numbers, lists, dicts): {error}") from None
            return _raised(self._ask("tool", [{"prompt": _text("arguments", arguments)}], False, name, None, None)[0])

        call.__name__ = call.__qualname__ = name
        return call

    def _ask(
        self, op: str, items: list[dict[str, Any]], batch: bool, role: str, model: str | None, schema: Any
    ) -> list[Any]:
        if self._depth <= 0 and op != "tool":
            raise LLMError("depth", "Model calls are switched off here (depth 0): work on `context` with Python alone.")
        if not items:
            return []
        self._check(items, role, model, schema)
        frame = {"t": "call", "op": op, "count": len(items), "batch": batch, "role": role, "model": model}
        try:
            number = self._channel.open_call()
            self._channel.send_call({**frame, "id": number, "schema": schema, "line": self._line()})
            _Sender(self._channel, self._quoter, number).send(items)
            answers = self._channel.wait(number)
        except CallDropped:
            raise LLMError("cancelled", "The cell ended before this call was answered.") from None
        return [_value(answer) for answer in answers]

    def _check(self, items: list[dict[str, Any]], role: Any, model: Any, schema: Any) -> None:
        self._made += 1
        self.asked = True
        if self._made > MOST_CALLS:
            raise LLMError(
                "budget", f"{MOST_CALLS:,} calls are the limit for one cell: use llm_batch for many prompts."
            )
        if len(items) > MOST_ITEMS:
            raise ValueError(f"{len(items):,} prompts are over the limit of {MOST_ITEMS:,} a call: make several calls")
        if not isinstance(role, str) or not isinstance(model, str | None):
            raise TypeError("role and model are given as text, for example role='worker'")
        if schema is not None and len(json.dumps(schema)) > SCHEMA_CHARS:
            raise ValueError("the schema is too large")
        total = sum(len(item["prompt"]) + sum(map(_chars_sent, item.get("context") or ())) for item in items)
        if total > CALL_CHARS:
            raise ValueError(f"{total:,} characters are over the limit of {CALL_CHARS:,} a call: make several calls")

    def _line(self) -> int | None:
        """The line of the running cell from which the call came."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self._cell:
                return frame.f_lineno
            frame = frame.f_back  # type: ignore[assignment]
        return None


class _Sender:
    """Sends the items of one call in frames of a bounded size. Long own words go ahead in pieces, by number."""

    def __init__(self, channel: Channel, quoter: Quoter, number: int) -> None:
        self._channel = channel
        self._quoter = quoter
        self._number = number
        self._pieces = 0

    def send(self, items: list[dict[str, Any]]) -> None:
        self._quoter.begin(another=items[-1]["prompt"])
        try:
            self._send(items)
        finally:
            self._quoter.end()

    def _send(self, items: list[dict[str, Any]]) -> None:
        packed: list[Any] = []
        size = 0
        for item in items:
            context = item.get("context")
            parts = self._parts(item["prompt"])
            contexts = None if context is None else [self._parts(text) for text in context]
            packed.append([parts, contexts, isinstance(context, list), item.get("images") or []])
            size += 100 + sum(_chars(part) for one in (parts, *(contexts or ())) for part in one)
            if size > _FRAME_CHARS:
                self._flush(packed)
                packed, size = [], 0
        if packed:
            self._flush(packed)

    def _flush(self, packed: list[Any]) -> None:
        self._channel.send_call({"t": "items", "id": self._number, "items": packed})

    def _parts(self, text: str) -> list[Any]:
        parts: list[Any] = []
        for part in self._quoter.parts(text):
            parts += [part] if not isinstance(part, str) or len(part) <= _PIECE_CHARS else self._send_ahead(part)
        return parts

    def _send_ahead(self, words: str) -> list[int]:
        numbers = []
        for at in range(0, len(words), _PIECE_CHARS):
            piece = words[at : at + _PIECE_CHARS]
            self._channel.send_call({"t": "text", "id": self._number, "text": piece})
            numbers.append(self._pieces)
            self._pieces += 1
        return numbers


def _chars_sent(context: str) -> int:
    """A piece of a document goes by its place, whatever its length."""
    return 0 if isinstance(context, ContextText) else len(context)


def _chars(part: Part | int) -> int:
    return len(part) if isinstance(part, str) else 20


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"the {name} must be text (str), not {type(value).__name__}")
    if len(value) > PROMPT_CHARS:
        raise ValueError(f"a {name} of {len(value):,} characters is over the limit of {PROMPT_CHARS:,}")
    return value


def _texts(name: str, values: Any, single: str) -> list[str]:
    if isinstance(values, str):
        raise TypeError(f"{name} must be a list of texts; for one text there is {single}(prompt)")
    return [_text(f"{name}[{index}]", value) for index, value in enumerate(values)]


def _images(value: Any) -> list[int]:
    """Numbers in `images`, of its entries or of numbers."""
    if value is None:
        return []
    given = value if isinstance(value, list | tuple) else [value]
    numbers = [one["number"] if isinstance(one, dict) and "number" in one else one for one in given]
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        raise TypeError("images is a list of entries of `images`, such as images=[images[0]]")
    return numbers


def _context(value: Any) -> Any:
    """None, a tuple of one text (a text was given), or a list of texts (a list was given)."""
    if value is None:
        return None
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
        return list(value)
    raise TypeError(f"a context is a text or a list of texts, not {type(value).__name__}")


def _value(answer: Any) -> Any:
    return LLMError(*answer["error"]) if "error" in answer else answer["value"]


def _raised(answer: Any) -> Any:
    if isinstance(answer, LLMError):
        raise answer
    return answer


def _as_text(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except LLMError as error:
        return f"Error: {error.message}"


def _as_texts(call: Callable[[], list[Any]], prompts: Sequence[str]) -> list[Any]:
    try:
        answers = call()
    except LLMError as error:
        return [f"Error: {error.message}" for _ in prompts]
    return [f"Error: {answer.message}" if isinstance(answer, LLMError) else answer for answer in answers]
