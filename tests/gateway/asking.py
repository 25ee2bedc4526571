"""Callers of a gateway, each with a key of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2

from latentrelay.access import Keys
from latentrelay.contracts import Quotas, Scope

ASK = {"kind": "text_to_image", "prompt": "a lighthouse", "width": 512, "height": 512, "refine": {"mode": "none"}}
BOTH = (Scope.SUBMIT, Scope.READ)

Enter = Callable[..., httpx2.Client]
"""Makes a key of a tenant, with scopes and quotas; a client that brings it."""


def asking(url: str, text: str) -> httpx2.Client:
    """A client that brings the key `text`."""
    return httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {text}"}, timeout=30)


@contextmanager
def entering(url: str, keys: Keys) -> Iterator[Enter]:
    """Makes callers for as long as the block lasts."""
    with ExitStack() as opened:

        def enter(tenant: str, *scopes: Scope, **quotas: int) -> httpx2.Client:
            _, text = keys.create(tenant, scopes=scopes or BOTH, tenant=tenant, quotas=Quotas(**quotas))
            return opened.enter_context(asking(url, text))

        yield enter


def assert_not_there(who: httpx2.Client, method: str, path: str, its_id: str, **more: Any) -> None:
    """What is another's reads like what never was."""
    hidden, absent = (who.request(method, found, **more) for found in (path, path.replace(its_id, "0" * 32)))
    assert hidden.status_code == absent.status_code == 404, path
    assert hidden.json()["detail"].replace(its_id, "") == absent.json()["detail"].replace("0" * 32, "")
