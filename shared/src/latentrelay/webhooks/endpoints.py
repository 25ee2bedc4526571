"""Webhook endpoints: registered, changed, given new secrets, enabled, disabled, removed."""

import secrets
from collections.abc import Callable, Iterable, Mapping

from latentrelay.contracts import (
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointSecret,
)
from latentrelay.errors import Conflict, Forbidden, InvalidRequest, NotFound
from latentrelay.jobs import RedisClient, Scripts, clock, keys
from latentrelay.webhooks import secret_keys
from latentrelay.webhooks.records import Fields, to_endpoint
from latentrelay.webhooks.sealing import Seal
from latentrelay.webhooks.secret_keys import SealedKey
from latentrelay.webhooks.signing import draw_private_key, draw_secret, public_key
from latentrelay.webhooks.targets import Check, is_origin

MOST = 100  # endpoints of a tenant
NO_ENDPOINT = "There is no such webhook endpoint."


class Endpoints:
    """The endpoints in one Redis, as one tenant sees them.

    Args:
        redis: the client.
        scripts: of the webhooks.
        seal: seals secrets; raises Unconfigured where there is no key to.
        check: what URLs are held against.
        overlap_seconds: how long old secrets sign beside new ones.
        tenant: on whose behalf they are registered.
        confined: whether it sees no other tenant's.
    """

    def __init__(
        self,
        redis: RedisClient,
        scripts: Scripts,
        *,
        seal: Callable[[], Seal],
        check: Check,
        overlap_seconds: float,
        tenant: str,
        confined: bool,
    ) -> None:
        self._redis = redis
        self._scripts = scripts
        self._seal = seal
        self._check = check
        self._overlap_ms = round(overlap_seconds * 1000)
        self._tenant = tenant
        self._confined = confined

    def create(self, wanted: NewWebhookEndpoint, tenant: str | None = None) -> WebhookEndpointSecret:
        """Register an endpoint. Its secret is told this once."""
        owner = self._tenant if tenant is None else tenant
        if not self._sees(owner):
            raise Forbidden("Endpoints are registered for one's own tenant.")
        if not keys.is_id(owner):
            raise InvalidRequest.at("tenant", "must be of letters, digits, _ and -, at most 64")
        self._check(wanted.url)
        endpoint_id, secret = f"ep_{secrets.token_hex(8)}", draw_secret()
        private_key = draw_private_key() if wanted.asymmetric else None
        fields = {
            "url": wanted.url,
            "description": wanted.description or "",
            "max_per_second": wanted.max_per_second or "",
            "public_key": public_key(private_key) if private_key else "",
            "secrets": secret_keys.dump(self._sealed(endpoint_id, secret, private_key)),
        }
        answer = self._put(endpoint_id, owner, fields, wanted.events, most=MOST)
        if answer == "full":
            raise Conflict(f"A tenant has at most {MOST} webhook endpoints; remove one first.")
        return self._with_secret(endpoint_id, secret)

    def list(self) -> tuple[WebhookEndpoint, ...]:
        """Every endpoint, newest first; where all tenants are seen, origins that nobody registered as well."""
        index = keys.endpoints_of(self._tenant) if self._confined else keys.ENDPOINTS
        return self._read(self._redis.zrange(index, 0, -1, desc=True))

    def get(self, endpoint_id: str) -> WebhookEndpoint:
        """One endpoint.

        Raises:
            NotFound: there is no such endpoint.
        """
        found = self._read([endpoint_id]) if keys.is_id(endpoint_id) else ()
        if not found or not self._sees(found[0].tenant):
            raise NotFound(NO_ENDPOINT)
        return found[0]

    def registered(self, endpoint_id: str) -> tuple[WebhookEndpoint, ...]:
        """The endpoint of this id, if this tenant registered it."""
        index = keys.endpoints_of(self._tenant)
        return () if self._redis.zscore(index, endpoint_id) is None else self._read([endpoint_id])

    def change(self, endpoint_id: str, wanted: WebhookEndpointChange) -> WebhookEndpoint:
        """Change an endpoint; messages that wait for it go to its new URL."""
        endpoint = self._own(endpoint_id)
        if wanted.url is not None:
            self._check(wanted.url)
        told = wanted.model_dump(exclude_unset=True, exclude={"events"})
        fields = {name: "" if value is None else value for name, value in told.items() if name != "url" or value}
        self._put(endpoint_id, endpoint.tenant, fields, wanted.events or ())
        return self.get(endpoint_id)

    def rotate(self, endpoint_id: str) -> WebhookEndpointSecret:
        """Give an endpoint a new secret. The old one signs beside it for a while."""
        endpoint = self._own(endpoint_id)
        secret, private_key = draw_secret(), draw_private_key() if endpoint.public_key else None
        fresh = self._sealed(endpoint_id, secret, private_key)
        result: str | None = "changed"
        while result == "changed":  # somebody else rotates it, too: both new secrets sign
            told = self._redis.hget(keys.endpoint(endpoint_id), "secrets") or "[]"
            kept = secret_keys.rotated(
                secret_keys.load(told), fresh, int(clock.now(self._redis).timestamp() * 1000), self._overlap_ms
            )
            public = public_key(private_key) if private_key else ""
            result = self._scripts.run("rotate", endpoint_id, told, secret_keys.dump(kept), public, durable=True)
        if result is None:
            raise NotFound(NO_ENDPOINT)
        return self._with_secret(endpoint_id, secret)

    def enable(self, endpoint_id: str, *, enabled: bool = True) -> WebhookEndpoint:
        """Send an endpoint its messages again, those that wait too; or send it nothing."""
        self.get(endpoint_id)
        self._scripts.run("enable", endpoint_id, "1" if enabled else "0", durable=True)
        return self.get(endpoint_id)

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint."""
        self.get(endpoint_id)
        self._scripts.run("remove_endpoint", endpoint_id, durable=True)

    def _read(self, endpoint_ids: Iterable[str]) -> tuple[WebhookEndpoint, ...]:
        """Those that there are, whosesoever."""
        ids = [*endpoint_ids]
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            for endpoint_id in ids:
                pipe.hgetall(keys.endpoint(endpoint_id))
                pipe.zcard(keys.due(endpoint_id))
            time, *told = pipe.execute()
        now = clock.told(*time)
        records: Iterable[tuple[Fields, int]] = zip(told[::2], told[1::2], strict=True)
        return tuple(to_endpoint(fields, pending, now) for fields, pending in records if fields)

    def _own(self, endpoint_id: str) -> WebhookEndpoint:
        """One endpoint that its tenant registered, and may change."""
        if is_origin(endpoint_id):
            raise Conflict(
                "This endpoint was not registered: it stands for the URLs of jobs, and has its tenant's secret."
            )
        return self.get(endpoint_id)

    def _put(
        self,
        endpoint_id: str,
        tenant: str,
        fields: Mapping[str, str | int],
        events: Iterable[str],
        most: int | str = "",
    ) -> str | None:
        given = (part for pair in fields.items() for part in pair)
        answer = self._scripts.run("put_endpoint", endpoint_id, tenant, most, ",".join(events), *given, durable=True)
        if answer is None:
            raise NotFound(NO_ENDPOINT)
        return str(answer)

    def _sealed(self, endpoint_id: str, *secret: str | None) -> tuple[SealedKey, ...]:
        seal = self._seal()
        return tuple(SealedKey(seal.seal(one, endpoint_id)) for one in secret if one)

    def _with_secret(self, endpoint_id: str, secret: str) -> WebhookEndpointSecret:
        return WebhookEndpointSecret(**self.get(endpoint_id).model_dump(), secret=secret)

    def _sees(self, tenant: str) -> bool:
        return not self._confined or tenant == self._tenant
