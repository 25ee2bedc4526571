"""API keys in Redis. A key is `lr_{id}_{secret}`: 48 random bytes, so that one SHA-256 is hash enough."""

from collections.abc import Iterable
from dataclasses import dataclass

from latentrelay.contracts import ApiKey, Quotas, Scope
from latentrelay.jobs import RedisClient, Scripts, keys

PREFIX = "lr"


@dataclass(frozen=True)
class Admission:
    """A request that was let in: its key, and what is left of the key's requests in this minute."""

    key: ApiKey
    remaining: int
    reset_seconds: float
    """Until the minute is over, and all of them may be asked again."""


class Keys:
    """The API keys of one stack."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)

    def create(
        self, name: str, *, scopes: Iterable[Scope], quotas: Quotas | None = None, tenant: str | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is told this once. Without a `tenant` it is one of its own.

        Raises:
            InvalidRequest: the name or the tenant is none.
        """
        raise NotImplementedError

    def list(self) -> tuple[ApiKey, ...]:
        """Every key ever made, newest first; revoked ones say since when."""
        raise NotImplementedError

    def revoke(self, key_id: str) -> ApiKey:
        """Let a key in no more, from now on. Revoking it again changes nothing.

        Raises:
            NotFound: there is no such key.
        """
        raise NotImplementedError

    def any(self) -> bool:
        """Whether a key was ever made: from then on nobody is let in without one."""
        return bool(self._redis.exists(f"{keys.ROOT}keys"))

    def admit(self, text: str) -> Admission:
        """Let in a request that brings the key `text`, and count it.

        Raises:
            Unauthorized: there is no such key, or it is revoked. Both read alike.
            RateLimited: its tenant has asked too often in this minute; `retry_after` is told.
        """
        raise NotImplementedError
