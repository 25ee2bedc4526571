"""The guard of every connection: one resolution, its addresses checked, and the connection made to one of those."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Self

from latentrelay.egress.addresses import Address
from latentrelay.egress.connecting import Resolve, connect, resolve_before, secure, system_resolver
from latentrelay.egress.deadline import Deadline
from latentrelay.egress.target import Allowed, Target, parse_target, refusal
from latentrelay.errors import UnsafeUrl


@dataclass(frozen=True)
class Guard:
    """What may be connected to, and how it is found and trusted. Good for many threads.

    Attributes:
        allowed: what the operator allows beyond the public internet.
        resolve: asked once for each connection; never for a host that is an address already.
        trust: which certificates count; the system's where none is given.
    """

    allowed: Allowed = field(default_factory=Allowed)
    resolve: Resolve = system_resolver
    trust: ssl.SSLContext | None = None

    @classmethod
    def of(cls, hosts: frozenset[str], cidrs: frozenset[str]) -> Self:
        """From settings: hosts by exact name, and networks, that need not be public.

        Raises:
            ValueError: a CIDR is not a network.
        """
        return cls(Allowed.of(hosts, cidrs))

    def target(self, url: str) -> Target:
        """Where `url` leads.

        Raises:
            UnsafeUrl: it is malformed, holds credentials, or is not https (http at an allowed host).
        """
        return parse_target(url, self.allowed)

    def addresses(self, target: Target, deadline: Deadline) -> Sequence[Address]:
        """Where `target` may be connected to.

        Raises:
            UnsafeUrl: one of its addresses, or its port, is not allowed.
            OSError: its host is not known (socket.gaierror), or the deadline has passed (TimeoutError).
        """
        addresses = resolve_before(deadline, self.resolve, target)
        if (why := refusal(target, addresses, self.allowed)) is not None:
            raise UnsafeUrl(f"the URL may not be reached: {why}")
        return addresses

    @contextmanager
    def connection(self, target: Target, deadline: Deadline) -> Iterator[socket.socket]:
        """A socket to `target`, over TLS where it is https; closed at the end.

        Raises:
            UnsafeUrl: as of `addresses`.
            OSError: as of `addresses`; nobody answers; the certificate does not hold (ssl.SSLError).
        """
        addresses = self.addresses(target, deadline)
        with (
            closing(connect(addresses, target.port, deadline)) as plain,
            secure(plain, target, deadline, self.trust) as secured,
        ):
            yield secured
