"""Signatures of Standard Webhooks 1.0: `v1` is HMAC-SHA256, `v1a` is Ed25519. Pure.

What is signed is `id.timestamp.body`, byte for byte as it is sent.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

SECRET = "whsec_"  # noqa: S105 -- how secrets begin
PRIVATE_KEY = "whsk_"
PUBLIC_KEY = "whpk_"
SECRET_BYTES = 32
SECRETS = range(16, 129)
"""How many bytes a secret may have. The specification asks for 24 to 64; its own vectors and Svix allow more."""
TOLERANCE_SECONDS = 300


class VerificationError(Exception):
    """This is no webhook that its sender signed for this receiver lately."""


def draw_secret() -> str:
    """A new secret: `whsec_` and the base64 of 32 random bytes."""
    return SECRET + _base64(secrets.token_bytes(SECRET_BYTES))


def draw_private_key() -> str:
    """A new Ed25519 key: `whsk_` and the base64 of its 32 byte seed."""
    return PRIVATE_KEY + _base64(secrets.token_bytes(32))


def public_key(private_key: str) -> str:
    """What receivers verify `v1a` with: `whpk_` and the base64 of the public half."""
    return PUBLIC_KEY + _base64(_signing_key(private_key).public_key().export_key(format="raw"))


def sign(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature of a webhook, `v1,...` by a secret or `v1a,...` by a private key.

    Args:
        key: `whsec_...` or `whsk_...`.
        message_id: the header `webhook-id`.
        timestamp: the header `webhook-timestamp`, in seconds since 1970.
        body: as it is sent.

    Raises:
        ValueError: `key` is neither.
    """
    content = _content(message_id, str(timestamp), body)
    if key.startswith(PRIVATE_KEY):
        return f"v1a,{_base64(_ed25519(key).sign(content))}"
    return f"v1,{_base64(_hmac(key, content))}"


def headers(keys: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a webhook; during a rotation it is signed by every live key."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, message_id, timestamp, body) for key in keys),
    }


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    key: str | Iterable[str],
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: datetime | None = None,
) -> str:
    """Whether a webhook is its sender's; the `webhook-id`, to do once what comes twice.

    Args:
        body: as it came, byte for byte: not parsed and written again.
        headers: those of the request, in any case.
        key: the endpoint's secret `whsec_...` or its public key `whpk_...`; or several, of which one must fit.
        tolerance: seconds that the sender's clock may be off, or the webhook old.
        now: the time; the clock's where it is not given.

    Raises:
        VerificationError: it is not, or it is too old.
        ValueError: a key is none.
    """
    told = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (told.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message_id and timestamp and signatures):
        raise VerificationError("webhook-id, webhook-timestamp or webhook-signature is missing")
    _check_time(timestamp, tolerance, now or datetime.now(UTC))
    content = _content(message_id, timestamp, body.encode() if isinstance(body, str) else body)
    found = [one.partition(",")[::2] for one in signatures.split()]
    keys = [key] if isinstance(key, str) else [*key]
    if not any(_fits(one, version, signature, content) for one in keys for version, signature in found):
        raise VerificationError("no signature fits")
    return message_id


def _check_time(timestamp: str, tolerance: float, now: datetime) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise VerificationError("webhook-timestamp is no number of seconds")
    sent = int(timestamp)
    if abs(now.timestamp() - sent) > tolerance:
        raise VerificationError("the webhook is too old, or a clock is wrong")


def _fits(key: str, version: str, signature: str, content: bytes) -> bool:
    if key.startswith(PUBLIC_KEY):
        return version == "v1a" and _is_signed(key, signature, content)
    # bytes: text beyond ASCII cannot be compared in constant time
    return version == "v1" and hmac.compare_digest(_base64(_hmac(key, content)).encode(), signature.encode())


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _hmac(secret: str, content: bytes) -> bytes:
    return hmac.digest(_secret_bytes(secret), content, hashlib.sha256)


@lru_cache(maxsize=1024)
def _secret_bytes(secret: str) -> bytes:
    plain = _unbase64(secret.removeprefix(SECRET))
    if plain is None or len(plain) not in SECRETS:
        raise ValueError(f"a secret is {SECRET} and base64 of {SECRETS[0]} to {SECRETS[-1]} bytes")
    return plain


def _base64(plain: bytes) -> str:
    return base64.b64encode(plain).decode()


def _unbase64(told: str) -> bytes | None:
    try:
        return base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(maxsize=1024)
def _signing_key(private_key: str) -> Any:
    from Crypto.Signature import eddsa  # noqa: PLC0415 -- most receivers verify v1, and load nothing

    plain = _unbase64(private_key.removeprefix(PRIVATE_KEY))
    if plain is None or len(plain) not in (32, 64):  # the seed; Svix writes the public half behind it
        raise ValueError(f"a private key is {PRIVATE_KEY} and base64 of 32 or 64 bytes")
    return eddsa.import_private_key(plain[:32])


def _ed25519(private_key: str) -> Any:
    from Crypto.Signature import eddsa  # noqa: PLC0415 -- as above

    return eddsa.new(_signing_key(private_key), "rfc8032")


@lru_cache(maxsize=1024)
def _verifying_key(key: str) -> Any:
    from Crypto.Signature import eddsa  # noqa: PLC0415 -- as above

    plain = _unbase64(key.removeprefix(PUBLIC_KEY))
    if plain is None or len(plain) != 32:  # noqa: PLR2004 -- an Ed25519 point
        raise ValueError(f"a public key is {PUBLIC_KEY} and base64 of 32 bytes")
    return eddsa.import_public_key(plain)


def _is_signed(key: str, signature: str, content: bytes) -> bool:
    from Crypto.Signature import eddsa  # noqa: PLC0415 -- as above

    verifier = eddsa.new(_verifying_key(key), "rfc8032")
    try:
        verifier.verify(content, _unbase64(signature) or b"")
    except ValueError:
        return False
    return True
