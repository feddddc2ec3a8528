"""E-mails: who, when, about what, the text, then the attachments that can be read. Attachments are parts."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from .html import visible_text
from .inner import read_inner
from .output import Output

LABEL = "e-mail"
MEDIA_TYPES = {".eml": "message/rfc822"}

_SHOWN = ("From", "To", "Cc", "Date", "Subject")


def read(source: Path, output: Output) -> None:
    with source.open("rb") as file:
        message = email.message_from_binary_file(file, _class=EmailMessage, policy=email.policy.default)
    for name in _SHOWN:
        if value := str(message.get(name, "")).strip():
            output.write(f"{name}: {value}\n")
    output.write(f"\n{_body(message)}\n")
    for number, part in enumerate(message.iter_attachments(), 1):
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            name = part.get_filename() or f"attachment {number}"
            path = output.path.with_name(f"attachment-{output.archives}")
            path.write_bytes(data)
            read_inner(path, name, output)


def _body(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, UnicodeError):
        payload = body.get_payload(decode=True)
        text = payload.decode("latin-1") if isinstance(payload, bytes) else ""
    return visible_text(text) if body.get_content_subtype() == "html" else text
