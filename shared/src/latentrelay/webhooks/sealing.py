"""Seals secrets before they are written: AES-256-GCM, by the operator's key."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Self

from Crypto.Cipher import AES

from latentrelay.errors import Unconfigured
from latentrelay.settings import Settings

NONCE_BYTES, TAG_BYTES = 12, 16  # of GCM (NIST SP 800-38D)
SHORTEST = 32  # characters of a key
MISSING = "LATENTRELAY_WEBHOOK_KEY is not set: the secrets of webhook endpoints are sealed by it"


class Unsealable(Exception):
    """No key that is configured has sealed this."""


class Seal:
    """Seals by the first key, and opens what any of them sealed.

    Args:
        keys: of the operator, any text.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [hashlib.sha256(key.encode()).digest() for key in keys]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The seal of `settings`.

        Raises:
            Unconfigured: they have no key, or one that is too short.
        """
        told = settings.webhook_key.get_secret_value() if settings.webhook_key else ""
        keys = [key for key in map(str.strip, told.split(",")) if key]
        if not keys:
            raise Unconfigured(MISSING)
        if any(len(key) < SHORTEST for key in keys):
            raise Unconfigured(f"LATENTRELAY_WEBHOOK_KEY must be {SHORTEST} characters or more")
        return cls(keys)

    def seal(self, secret: str, owner: str) -> str:
        """`secret`, readable by the key alone and as that of `owner` alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AES.new(self._keys[0], AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
        cipher.update(owner.encode())
        sealed, tag = cipher.encrypt_and_digest(secret.encode())
        return base64.b64encode(nonce + tag + sealed).decode()

    def unseal(self, sealed: str, owner: str) -> str:
        """The secret of `owner`.

        Raises:
            Unsealable: no key opens it.
        """
        for key in self._keys:
            if (secret := _opened(key, sealed, owner)) is not None:
                return secret
        raise Unsealable

    def derived(self, tenant: str) -> list[bytes]:
        """32 bytes for `tenant` from each key, the first one's first: nobody needs to keep them."""
        return [hmac.digest(key, f"webhooks of {tenant}".encode(), hashlib.sha256) for key in self._keys]


@lru_cache(maxsize=4096)  # every attempt asks again
def _opened(key: bytes, sealed: str, owner: str) -> str | None:
    try:
        told = base64.b64decode(sealed)
        nonce, tag, content = told[:NONCE_BYTES], told[NONCE_BYTES:][:TAG_BYTES], told[NONCE_BYTES + TAG_BYTES :]
        cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
        cipher.update(owner.encode())
        return cipher.decrypt_and_verify(content, tag).decode()
    except ValueError:  # another key sealed it, or it is damaged
        return None
