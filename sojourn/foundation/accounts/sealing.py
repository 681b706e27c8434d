"""Small secrets that must be read again are kept sealed: a copy of the database alone opens nothing.

The seal hangs on SECRET_KEY. Whoever changes that key keeps the old one in SECRET_KEY_FALLBACKS until what it sealed
is gone; second factors sealed with a lost key must be set up again.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

__all__ = ["InvalidToken", "seal", "unseal"]


def seal(text: str, purpose: str) -> str:
    """``text`` so that only this house reads it, and only for ``purpose``."""
    return _locks(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed for ``purpose``. Raises InvalidToken for anything else."""
    return _locks(purpose).decrypt(sealed.encode()).decode()


def _locks(purpose: str) -> MultiFernet:
    return MultiFernet([_lock(str(key), purpose) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _lock(key: str, purpose: str) -> Fernet:
    digest = hashlib.sha256(b"\x00".join((b"sojourn", purpose.encode(), key.encode()))).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
