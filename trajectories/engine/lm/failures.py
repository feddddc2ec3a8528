"""What a provider's refusal means: HTTP status, headers and body to a `ProviderError` of the right kind.

The sentences quote what the server said, without the key, whatever the server echoed.
"""

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from trajectories.engine.errors import FailureKind, ProviderError
from trajectories.engine.types import Connection

LONGEST_QUOTE = 300

_BY_STATUS: dict[int, FailureKind] = {
    401: "auth",
    402: "auth",
    403: "auth",
    408: "timeout",
    413: "context_length",
    429: "rate_limit",
    501: "bad_request",
    504: "timeout",
    505: "bad_request",
    524: "timeout",
}
_SAYS: dict[str, str] = {
    "auth": "does not accept the key or the account of the connection {connection!r}",
    "rate_limit": "asks for fewer requests",
    "overloaded": "is overloaded or out of order",
    "timeout": "ran out of time",
    "context_length": "says that the request is too long for the model",
    "content_filter": "refused the content",
    "bad_request": "does not accept the request",
}
_TOO_LONG = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|max_model_len|(prompt|input|request) (is )?too (long|large)"
    r"|too many (input |prompt )?tokens|maximum (input|prompt) length|reduce the length|exceeds the model's maximum"
    r"|input token count|string_above_max_length|longer than the (model|maximum)",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[ _-]?(filter|policy|management)|responsibleaipolicy|safety (system|policy)|flagged|moderation",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(r"insufficient[ _](quota|credit|balance|funds)", re.IGNORECASE)
_KEY_LIKE = re.compile(r"\b(?:sk|gsk|xai|hf)[-_][\w*.\-]{6,}|(?<=Bearer )\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a server said is wrong, in its own words."""

    message: str = ""
    code: str = ""
    """Its word for programs, as `context_length_exceeded`; code and type together where it gives both."""
    param: str = ""
    """The part of the request it is about."""
    status: int | None = None
    """A status the server wrote into the text of an answer."""


def complaint_in(body: bytes) -> Complaint:
    """Reads the usual shapes: {error: {message, type, code, param}}, {error: text}, {message}, {detail}, plain text."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace").strip()
        return Complaint(message="" if text.startswith("<") else text)
    return complaint_of(content)


def complaint_of(content: Any) -> Complaint:
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return Complaint(message=_words(error))
    code = error.get("code")
    status = int(str(code)) if re.fullmatch(r"[45]\d\d", str(code)) else None
    details = error.get("metadata")
    raw = details.get("raw") if isinstance(details, dict) else None
    said = (error.get("message") or error.get("detail"), raw)
    return Complaint(
        message=" ".join(_words(part) for part in said if part),
        code=" ".join(str(word) for word in (code, error.get("type")) if word),
        param=_words(error.get("param") or ""),
        status=status,
    )


def failure(
    connection: Connection, host: str, status: int, complaint: Complaint, headers: Mapping[str, str] | None = None
) -> ProviderError:
    """The error to raise for an answer that is none."""
    kind = kind_of(status, complaint)
    said = scrub(complaint.message, connection.api_key)
    said = said if len(said) <= LONGEST_QUOTE else f"{said[:LONGEST_QUOTE]}…"
    sentence = f"{host} {_SAYS[kind].format(connection=connection.name)} (status {status})"
    return ProviderError(
        kind,
        f"{sentence}: {said}" if said else f"{sentence}.",
        status=status,
        retry_after=retry_after(headers or {}),
    )


def kind_of(status: int, complaint: Complaint) -> FailureKind:
    """`status` 200 stands for an error told in an answer, or in a stream, that began well."""
    words = f"{complaint.code} {complaint.message}"
    if status in (200, 400, 403, 422, 451) and _FILTERED.search(words):
        return "content_filter"
    if status in (200, 400, 413, 422, 429, 500) and _TOO_LONG.search(words):
        return "context_length"
    if status in (200, 429) and _NO_MONEY.search(words):
        return "auth"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if "rate_limit" in complaint.code:
        return "rate_limit"
    return "overloaded" if status >= 500 or status == 200 else "bad_request"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server wants to be left alone (RFC 9110, 10.2.3: seconds or a date), or None."""
    wait = headers.get("retry-after-ms")
    if wait is not None and (milliseconds := _number(wait)) is not None:
        return milliseconds / 1000
    wait = headers.get("retry-after")
    if wait is None:
        return None
    if (seconds := _number(wait)) is not None:
        return seconds
    until, now = _moment(wait), _moment(headers.get("date", ""))
    return None if until is None else max(0.0, until - (time.time() if now is None else now))


def scrub(text: str, key: str) -> str:
    """The text in one line, without the key and without anything that looks like one."""
    if key := key.strip():
        # A key of a few letters ("x", for a local server) stands in ordinary words too: only whole words count.
        text = text.replace(key, "…") if len(key) >= 8 else re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", "…", text)
    return " ".join(_KEY_LIKE.sub("…", text).split())


def _words(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
