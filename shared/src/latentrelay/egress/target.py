"""Where a URL leads, and whether it may be gone there. Pure: nothing here resolves or connects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urlsplit

from latentrelay.egress.addresses import Address, Network, is_public, parse_networks, within
from latentrelay.errors import UnsafeUrl

PORTS = frozenset({443, 8443})
_DEFAULT_PORT = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_KEPT = "%/?:@!$&'()*+,;=~[]"  # what a path and query may hold unquoted (RFC 3986), and what is quoted already


@dataclass(frozen=True)
class Allowed:
    """What the operator allows beyond the public internet: exact host names, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, hosts: frozenset[str], cidrs: frozenset[str]) -> "Allowed":
        """From settings.

        Raises:
            ValueError: a CIDR is not a network.
        """
        return cls(frozenset(map(canonical, hosts)), parse_networks(cidrs))


@dataclass(frozen=True)
class Target:
    """What a URL names. `path` is path and query, ready to be sent."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: brackets around IPv6, the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, allowed: Allowed) -> Target:
    """Where `url` leads.

    Raises:
        UnsafeUrl: it is malformed, holds credentials, or is not https (http at an allowed host).
    """
    parts = _split(url)
    if "@" in parts.netloc:
        raise UnsafeUrl("the URL must not hold a user name or password")
    host = canonical(parts.hostname or "")
    if not _is_host(host) or ("[" in parts.netloc) != (":" in host):
        raise UnsafeUrl("the URL names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in allowed.hosts):
        raise UnsafeUrl("the URL must begin with https://; http is for hosts that the operator allows by name")
    return Target(parts.scheme, host, _port(parts), _path(parts))


def refusal(target: Target, addresses: Sequence[Address], allowed: Allowed) -> str | None:
    """Why `target`, which resolved to `addresses`, may not be connected to; None where it may."""
    if target.host in allowed.hosts:
        return None
    granted = [within(address, allowed.networks) for address in addresses]
    if not all(ours or is_public(address) for ours, address in zip(granted, addresses, strict=True)):
        return "its host is not on the public internet"
    if target.port not in PORTS and not all(granted):
        return f"port {target.port} is not one of {', '.join(map(str, sorted(PORTS)))}"
    return None


def _split(url: str) -> SplitResult:
    if _UNPRINTABLE.search(url):
        raise UnsafeUrl("the URL holds a space, a backslash or a control character")
    try:
        return urlsplit(url)
    except ValueError:
        raise UnsafeUrl("the URL is malformed") from None


def canonical(host: str) -> str:
    """A host as it is compared: lower case, without the root's dot, in ASCII; empty where it is none."""
    plain = host.lower().removesuffix(".")
    try:
        return plain if plain.isascii() else plain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST.fullmatch(host) is not None
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UnsafeUrl("the URL's port must be from 1 to 65535")
    return port or _DEFAULT_PORT[parts.scheme]


def _path(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_KEPT)
    return f"{path}?{quote(parts.query, safe=_KEPT)}" if parts.query else path
