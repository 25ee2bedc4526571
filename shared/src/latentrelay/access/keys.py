"""The API keys of a stack, in Redis: all of each but its secret."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from latentrelay.access.admission import Admission, AskedTooOften
from latentrelay.access.text import SHAPE, digest, draw, id_in
from latentrelay.contracts import ApiKey, Quotas, Scope
from latentrelay.errors import InvalidRequest, NotFound, Unauthorized
from latentrelay.jobs import RedisClient, Scripts, clock, connect, door, keys
from latentrelay.settings import Settings


class Keys:
    """Makes, lists and revokes API keys, and lets in who brings one.

    Every method raises `StackUnavailable` while Redis is away.

    Args:
        redis: the client; it is closed with this.
        replicas: how many replicas must have a key, or that it is revoked, before that is answered.
    """

    def __init__(self, redis: RedisClient, replicas: int = 0) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, replicas)
        self._was_made = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The keys of the stack that `settings` name; nothing is sent yet.

        Raises:
            StackUnavailable: they name none.
        """
        return cls(connect(settings), settings.redis_replicas)

    @door
    def create(
        self, name: str, *, scopes: Iterable[Scope], quotas: Quotas | None = None, tenant: str | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is told this once. Without a `tenant` it is one of its own.

        Raises:
            InvalidRequest: the name or the tenant is none.
        """
        key_id, text = draw()
        told = {"name": name, "scopes": frozenset(scopes), "quotas": quotas or Quotas()}
        return self._make(key_id, text, tenant=key_id if tenant is None else tenant, **told), text

    @door
    def adopt(self, name: str, text: str, *, scopes: Iterable[Scope], tenant: str) -> ApiKey | None:
        """The key of a `text` that was drawn elsewhere, made unless any key was ever made; then nothing is, and None.

        Raises:
            InvalidRequest: the text cannot be that of a key, or the name or the tenant is none.
        """
        if self.any():
            return None
        if (key_id := id_in(text)) is None:
            raise InvalidRequest(f"this is not the text of an API key: {SHAPE}")
        return self._make(key_id, text, name=name, scopes=frozenset(scopes), quotas=Quotas(), tenant=tenant)

    @door
    def list(self) -> tuple[ApiKey, ...]:
        """Every key ever made, newest first; revoked ones say since when."""
        ids = self._redis.zrange(keys.API_KEYS, 0, -1, desc=True)
        with self._redis.pipeline(transaction=False) as pipe:
            for key_id in ids:
                pipe.hmget(keys.api_key(key_id), "told", "revoked_at")
            return tuple(_read(*fields) for fields in pipe.execute())

    @door
    def revoke(self, key_id: str) -> ApiKey:
        """Let a key in no more, from now on. Revoking it again changes nothing.

        Raises:
            NotFound: there is no such key.
        """
        if not keys.is_id(key_id) or not self._redis.exists(keys.api_key(key_id)):
            raise NotFound("There is no API key of that id.")  # somebody may have given its text: it is not repeated
        self._redis.hsetnx(keys.api_key(key_id), "revoked_at", clock.now(self._redis).isoformat())
        self._scripts.confirm()
        return _read(*self._redis.hmget(keys.api_key(key_id), "told", "revoked_at"))

    @door
    def is_revoked(self, key_id: str) -> bool:
        """Whether a key that was let in would not be any more; a key that Redis forgot would not."""
        told, revoked_at = self._redis.hmget(keys.api_key(key_id), "told", "revoked_at")
        return told is None or revoked_at is not None

    @door
    def any(self) -> bool:
        """Whether a key was ever made: from then on nobody is let in without one, even if Redis forgets it."""
        self._was_made = self._was_made or bool(self._redis.exists(keys.API_KEYS))
        return self._was_made

    @door
    def admit(self, text: str) -> Admission:
        """Let in a request that brings the key `text`, and count it.

        Raises:
            Unauthorized: there is no such key, or it is revoked. Both read alike.
            AskedTooOften: its tenant has asked too often in this minute; `retry_after` is told.
        """
        key_id = id_in(text)
        answer = self._scripts.run("admit", key_id, digest(text)) if key_id else None
        if answer is None:
            raise Unauthorized
        result, told, remaining, reset_ms, live = answer
        admission = Admission(ApiKey.model_validate_json(told), remaining, reset_ms / 1000, live)
        if result != "admitted":
            raise AskedTooOften(admission)
        return admission

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()

    def _make(self, key_id: str, text: str, **told: Any) -> ApiKey:
        key = ApiKey(id=key_id, created_at=clock.now(self._redis), **told)
        self._record(key, digest(text))
        return key

    def _record(self, key: ApiKey, kept: str) -> None:
        fields = {"told": key.model_dump_json(exclude_none=True), "digest": kept}
        read_by_script = {"tenant": key.tenant, "per_minute": key.quotas.per_minute}
        with self._redis.pipeline() as pipe:
            pipe.hset(keys.api_key(key.id), mapping=fields | read_by_script)
            pipe.zadd(keys.API_KEYS, {key.id: key.created_at.timestamp()})
            pipe.execute()
        self._scripts.confirm()


def _read(told: str, revoked_at: str | None) -> ApiKey:
    key = ApiKey.model_validate_json(told)
    return key.model_copy(update={"revoked_at": revoked_at and datetime.fromisoformat(revoked_at)})
