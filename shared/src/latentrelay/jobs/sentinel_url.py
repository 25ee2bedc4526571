"""`sentinel://` URLs: which sentinels to ask for the primary, and how to log in to it and to them."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from latentrelay.errors import StackUnavailable

SCHEME = "sentinel://"
SENTINEL_PORT = 26379
FORM = "sentinel://:password@host:26379,host2:26379/name"

_HOST = re.compile(r"(?P<name>[\w.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?")
_PATH = re.compile(r"/(?P<name>[\w.-]+)(/(?P<db>\d{1,5}))?/?")
_OPTIONS = {"sentinel_username", "sentinel_password"}


@dataclass(frozen=True)
class SentinelUrl:
    """What a `sentinel://` URL says: `sentinel://[user:password@]host[:port],.../name[/db][?sentinel_password=...]`.

    User and password are the primary's; those of the sentinels are options of their own.
    """

    name: str
    sentinels: tuple[tuple[str, int], ...]
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)

    @property
    def login(self) -> dict[str, Any]:
        """How to log in to the primary, in redis-py's words."""
        return {"username": self.username, "password": self.password, "db": self.db}

    @property
    def sentinel_login(self) -> dict[str, Any]:
        """How to log in to the sentinels, in redis-py's words."""
        return {"username": self.sentinel_username, "password": self.sentinel_password}


def read_sentinel_url(url: str) -> SentinelUrl:
    """The value of a URL that begins with `SCHEME`.

    Raises:
        StackUnavailable: it cannot be read; no part of it is repeated, since it may hold a password.
    """
    try:
        return _read(urlsplit(url))
    except ValueError:
        raise StackUnavailable(f"LATENTRELAY_REDIS_URL is no URL of sentinels, like {FORM}.") from None


def _read(parts: SplitResult) -> SentinelUrl:
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    path = _matched(_PATH, parts.path)
    return SentinelUrl(
        name=path["name"],
        sentinels=tuple(_host(host) for host in hosts.split(",")),
        db=int(path["db"] or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        **_options(parts.query),
    )


def _host(text: str) -> tuple[str, int]:
    found = _matched(_HOST, text)
    port = int(found["port"] or SENTINEL_PORT)
    if not 0 < port < 65536:  # noqa: PLR2004  # the ports there are
        raise ValueError("no port")
    return found["name"].strip("[]"), port


def _options(query: str) -> dict[str, Any]:
    options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    if not options.keys() <= _OPTIONS:
        raise ValueError("unknown options")
    return options


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError("malformed")
    return found
