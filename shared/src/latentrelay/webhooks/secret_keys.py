"""The keys that the webhooks of an endpoint are signed with, each for as long as it signs. Pure."""

import base64
from dataclasses import dataclass

from pydantic import TypeAdapter

from latentrelay.webhooks.sealing import Seal
from latentrelay.webhooks.signing import SECRET


@dataclass(frozen=True)
class SealedKey:
    """One key of an endpoint, `whsec_` or `whsk_`, sealed."""

    sealed: str
    until_ms: int | None = None
    """It signs until then; None: until it is replaced."""


MOST = 10  # that sign at once: each is a part of a header, and servers read only so much of those
_KEYS = TypeAdapter(tuple[SealedKey, ...])


def dump(keys: tuple[SealedKey, ...]) -> str:
    """Keys as the endpoint's record holds them."""
    return _KEYS.dump_json(keys, exclude_none=True).decode()


def load(told: str) -> tuple[SealedKey, ...]:
    """Keys from what a record holds."""
    return _KEYS.validate_json(told)


def live(keys: tuple[SealedKey, ...], now_ms: int) -> tuple[SealedKey, ...]:
    """Those that sign at `now_ms`."""
    return tuple(key for key in keys if key.until_ms is None or now_ms < key.until_ms)


def rotated(
    keys: tuple[SealedKey, ...], fresh: tuple[SealedKey, ...], now_ms: int, overlap_ms: int
) -> tuple[SealedKey, ...]:
    """`fresh` keys, and those of before for as long as they go on to sign beside them."""
    last = now_ms + overlap_ms
    old = (SealedKey(key.sealed, min(last, key.until_ms or last)) for key in live(keys, now_ms))
    return (*fresh, *live(tuple(old), now_ms))[:MOST]


def signing_keys(told: str, seal: Seal, *, endpoint: str, tenant: str, now_ms: int) -> list[str]:
    """What a webhook to `endpoint` is signed with now; one that nobody registered has keys of its tenant.

    Raises:
        Unsealable: a key was sealed by another that is no longer configured.
    """
    if not told:
        return tenant_secrets(seal, tenant)
    return [seal.unseal(key.sealed, endpoint) for key in live(load(told), now_ms)]


def tenant_secrets(seal: Seal, tenant: str) -> list[str]:
    """The secrets of webhooks to URLs under no registered endpoint: derived from the operator's keys, newest first."""
    return [SECRET + base64.b64encode(derived).decode() for derived in seal.derived(tenant)]
