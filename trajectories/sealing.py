"""Secrets at rest: kept encrypted under a key made from `SECRET_KEY` for one purpose only."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def sealed(secret: str, purpose: str) -> bytes:
    return _fernet(purpose).encrypt(secret.encode())


def opened(kept: bytes, purpose: str) -> str | None:
    """None when it was sealed under another secret key, or for another purpose."""
    try:
        return _fernet(purpose).decrypt(kept).decode()
    except InvalidToken:
        return None


def _fernet(purpose: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
