"""Where no key is needed, no page of somebody else may lead a browser on this machine here, and no proxy others."""

import re
from collections.abc import Mapping

from latentrelay.errors import Forbidden

HERE = re.compile(r"(localhost|[0-9.]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)
"""Names that nobody can point at this machine from outside: any other may be an attacker's, bound to it anew."""
OWN_PAGES = ("same-origin", "none")
BY_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
OF_PROXIES = "1.0"
"""The version of HTTP that nginx speaks to whom it asks, unless told otherwise; clients of today do not."""


def refuse_foreign(headers: Mapping[str, str], http_version: str) -> None:
    """Refuse a request without a key that somebody beyond this machine may be behind.

    Raises:
        Forbidden: it came by a name that could be anybody's, from a page of another origin, or through a proxy.
    """
    host, origin = headers.get("Host", ""), headers.get("Origin")
    if HERE.fullmatch(host) is None:
        raise _refusal("by the name localhost or an IP address")
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        raise _refusal("and no page of another origin")
    if headers.get("Sec-Fetch-Site", "none") not in OWN_PAGES:
        raise _refusal("and no page of another origin")
    if http_version == OF_PROXIES or any(name in headers for name in BY_PROXIES):
        raise _refusal("and not through a proxy")


def _refusal(how: str) -> Forbidden:
    return Forbidden(f"As long as there is no API key, only this machine may ask, {how}.")
