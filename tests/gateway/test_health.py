"""Liveness and readiness."""

import socket

import httpx2
import pytest
from pydantic import SecretStr

from latentrelay.access import Keys
from latentrelay.contracts import Scope, StageName
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.serving import served
from tests.processes import Start, until

NOWHERE = "127.0.0.1:1"


def ready(url: str) -> tuple[int, dict[str, object]]:
    answer = httpx2.get(f"{url}/readyz", timeout=30)
    return answer.status_code, answer.json()


@pytest.mark.usefixtures("store")
def test_it_is_ready_when_every_stage_that_is_wanted_has_a_ready_worker(settings: Settings, start: Start) -> None:
    with served(settings.model_copy(update={"ready_stages": frozenset({"sdxl_base"})})) as url:
        assert ready(url) == (503, {"ready": False, "lacks": ["No worker of sdxl_base is ready."], "notes": []})
        start(StageName.SDXL_BASE)
        until(lambda: ready(url)[0] == 200, "the worker is ready")
        assert ready(url) == (200, {"ready": True, "lacks": [], "notes": []})


def test_it_is_ready_without_workers_where_no_stage_is_wanted(url: str) -> None:
    assert ready(url) == (200, {"ready": True, "lacks": [], "notes": []})


def test_without_its_bucket_or_redis_it_lives_and_is_not_ready(settings: Settings, store: S3Store) -> None:
    assert store.exists("nothing") is False
    lost = settings.model_copy(update={"s3_endpoint": f"http://{NOWHERE}"})
    with served(lost) as url:
        assert ready(url) == (
            503,
            {"ready": False, "lacks": ["The object store does not answer as it should."], "notes": []},
        )
        assert httpx2.get(f"{url}/livez").json() == {"status": "ok"}
    with served(settings.model_copy(update={"redis_url": SecretStr(f"redis://{NOWHERE}/0")})) as url:
        assert ready(url) == (503, {"ready": False, "lacks": ["Redis does not answer."], "notes": []})
        assert httpx2.get(f"{url}/livez").status_code == 200


def test_a_redis_that_hangs_is_told_while_it_hangs(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = SecretStr(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        with served(settings.model_copy(update={"redis_url": address})) as url:
            status, told = ready(url)
    assert (status, told["ready"]) == (503, False)
    assert "have not answered within" in str(told["lacks"])


def test_health_needs_no_key(settings: Settings, store: S3Store) -> None:
    assert store.exists("nothing") is False
    Keys.of(settings).create("shop", scopes=[Scope.READ])
    with served(settings, may_be_open=False) as url:
        assert [httpx2.get(f"{url}/{path}").status_code for path in ("livez", "readyz", "metrics")] == [200] * 3


def test_who_asks_for_the_head_alone_is_told_the_same_without_a_body(http: httpx2.Client) -> None:
    for path in ("/livez", "/readyz"):
        head, whole = http.head(path), http.get(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        for name in ("Content-Type", "Content-Length", "Cache-Control"):
            assert head.headers[name] == whole.headers[name]
        refused = http.post(path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert http.head("/metrics").status_code == 405


def test_a_gateway_that_is_not_ready_says_so_to_who_asks_for_the_head_alone(settings: Settings) -> None:
    with served(settings.model_copy(update={"s3_endpoint": f"http://{NOWHERE}"})) as url:
        assert httpx2.head(f"{url}/readyz", timeout=30).status_code == 503
