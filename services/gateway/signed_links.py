"""Links to images on the gateway, for those who bring no key: signed by this stack, good for a while."""

import base64
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Self

from latentrelay.contracts import Role
from latentrelay.jobs import RedisClient, connect, door, keys
from latentrelay.settings import Settings

SECRET_BYTES = 32
FORM = re.compile(
    rf"(?P<job_id>[A-Za-z0-9_-]{{1,64}})\.(?P<index>[0-7])\.(?P<role>{'|'.join(Role)})\.(?P<until>[0-9]{{1,12}})"
)
"""What is signed."""


@dataclass(frozen=True)
class Linked:
    """The image that a link leads to, and the second since 1970 up to which it does."""

    job_id: str
    index: int
    role: Role
    until: int

    def __str__(self) -> str:
        """As it is signed."""
        return f"{self.job_id}.{self.index}.{self.role}.{self.until}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What `text` says, signed or not; None where it says nothing."""
        found = FORM.fullmatch(text)
        return found and cls(found["job_id"], int(found["index"]), Role(found["role"]), int(found["until"]))


class SignedLinks:
    """Signs links and reads them, with one secret of the stack: any of its gateways reads those of the others.

    Args:
        redis: keeps the secret; it is closed with this.
    """

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the stack that `settings` name; nothing is sent yet.

        Raises:
            StackUnavailable: they name none.
        """
        return cls(connect(settings))

    def token(self, linked: Linked) -> str:
        """What a link to `linked` ends with.

        Raises:
            StackUnavailable: Redis is away.
        """
        return f"{linked}.{signature(str(linked), self._secret())}"

    def read(self, token: str, now: float) -> Linked | None:
        """What `token` leads to; None where this stack has not signed it, or its time is over. Redis is asked last.

        Raises:
            StackUnavailable: Redis is away.
        """
        text, _, signed = token.rpartition(".")
        linked = Linked.read(text)
        if linked is None or linked.until <= now:
            return None
        expected = signature(text, self._secret())
        return linked if hmac.compare_digest(signed.encode(), expected.encode()) else None

    @door
    def _secret(self) -> bytes:
        """Asked for each time: where Redis has lost it, all gateways go on with the same new one."""
        kept = self._redis.get(keys.LINK_SECRET)
        if kept is None:
            self._redis.set(keys.LINK_SECRET, secrets.token_hex(SECRET_BYTES), nx=True)
            kept = self._redis.get(keys.LINK_SECRET)
        return bytes.fromhex(kept)

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()


def signature(text: str, secret: bytes) -> str:
    """The HMAC-SHA256 of `text`, as URLs have it."""
    return base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), "sha256")).rstrip(b"=").decode()
