"""What those who run a stack read: queues, workers, capabilities, metrics."""

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import MessageStatus, Quotas, Scope, StageName, TextToImage, WorkerInfo, WorkerState
from latentrelay.cost import work
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Workers, connect, keys
from latentrelay.metrics import PREFIX, Teller, told_by
from latentrelay.settings import Settings
from services.gateway.metrics import Metrics
from tests.gateway.serving import served
from tests.gateway.telling import attempted, canceled, registered, telling
from tests.processes import Start, until

LIGHTHOUSE = {"kind": "text_to_image", "prompt": "a lighthouse"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(http: httpx2.Client) -> Samples:
    """Every sample of /metrics, by its name and labels."""
    answer = http.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def sample(samples: Samples, name: str, **labels: str) -> float:
    return samples["latentrelay_" + name, frozenset(labels.items())]


def test_queues_tell_what_waits_for_each_stage_and_since_when(http: httpx2.Client, client: Client) -> None:
    job = client.submit(TextToImage(prompt="x"))
    told = {queue["stage"]: queue for queue in http.get("/v1/queues").json()["data"]}
    assert set(told) == set(StageName)
    assert (told["sdxl_base"]["depth"], told["sdxl_base"]["in_flight"]) == (1, 0)
    assert told["sdxl_base"]["oldest_at"][:16] == job.created_at.isoformat()[:16]
    assert told["unclip_variation"]["oldest_at"] is None
    assert told["sdxl_base"]["eta_seconds"] is None, "nobody works, so nobody can tell"


def test_workers_and_capabilities_tell_who_serves_what(http: httpx2.Client, start: Start) -> None:
    worker = start(StageName.SDXL_BASE)
    until(lambda: [one["state"] for one in http.get("/v1/workers").json()["data"]] == ["ready"], "it is ready")
    (told,) = http.get("/v1/workers").json()["data"]
    assert (told["stage"], told["state"]) == (StageName.SDXL_BASE, WorkerState.READY)
    stages = {stage["stage"]: stage for stage in http.get("/v1/capabilities").json()["stages"]}
    assert (stages["sdxl_base"]["workers"], stages["sdxl_base"]["models"]) == (1, [told["model"]])
    queues = {queue["stage"]: queue for queue in http.get("/v1/queues").json()["data"]}
    assert queues["sdxl_base"]["eta_seconds"] == 0
    assert (stages["sdxl_refiner"]["workers"], stages["sdxl_refiner"]["models"]) == (0, [])
    assert worker.poll() is None


def test_capabilities_tell_the_callers_own_scopes_and_quotas_and_the_stacks_limits(settings: Settings) -> None:
    keys = Keys.of(settings)
    quotas = Quotas(in_flight=3, per_minute=50, pixels_per_day=1000)
    _, text = keys.create("shop", scopes=[Scope.READ], quotas=quotas, tenant="ada")
    with served(settings.model_copy(update={"max_input_bytes": 12345})) as url:
        told = httpx2.get(f"{url}/v1/capabilities", headers={"Authorization": f"Bearer {text}"}).json()
    assert told["caller"] == {"tenant": "ada", "scopes": ["read"], "quotas": quotas.model_dump()}
    assert told["limits"]["input_bytes"] == 12345
    assert "ddim" in told["schedulers"]


@pytest.mark.parametrize("path", ["queues", "workers", "capabilities"])
def test_what_runs_is_told_to_nobody_without_a_key_that_may_read(settings: Settings, path: str) -> None:
    _, text = Keys.of(settings).create("shop", scopes=[Scope.SUBMIT])
    with served(settings) as url:
        assert httpx2.get(f"{url}/v1/{path}").status_code == 401
        assert httpx2.get(f"{url}/v1/{path}", headers={"Authorization": f"Bearer {text}"}).status_code == 403


def test_every_series_is_there_at_zero_before_anything_happened(http: httpx2.Client) -> None:
    samples = scraped(http)
    for stage in StageName:
        for name in ("queue_depth", "queue_in_flight", "queue_oldest_message_timestamp_seconds", "queue_consumers"):
            assert sample(samples, name, stage=stage) == 0
    for name in ("webhook_pending", "webhook_oldest_due_timestamp_seconds"):
        assert sample(samples, name) == 0
    for code in ("accepted", *ErrorCode):
        assert sample(samples, "jobs_submitted_total", kind="variation", result=code) == 0
    assert [name for name, _ in samples if name == "latentrelay_build_info"]


def test_submissions_are_counted_by_kind_and_result_and_the_queue_shows_them(http: httpx2.Client) -> None:
    job = http.post("/v1/jobs", json=LIGHTHOUSE).json()
    http.post("/v1/jobs", json={"kind": "variation", "image": {"upload_id": "nowhere"}})
    samples = scraped(http)
    assert sample(samples, "jobs_submitted_total", kind="text_to_image", result="accepted") == 1
    assert sample(samples, "jobs_submitted_total", kind="variation", result="not_found") == 1
    assert sample(samples, "queue_depth", stage="sdxl_base") == 1
    assert sample(samples, "queue_oldest_message_timestamp_seconds", stage="sdxl_base") > 1e9
    assert job["id"] not in http.get("/metrics").text


def test_a_submission_that_breaks_counts_as_internal(client: Client) -> None:
    metrics = Metrics(client)
    with pytest.raises(ZeroDivisionError), metrics.submitting(TextToImage(prompt="x")):
        raise ZeroDivisionError
    assert b'jobs_submitted_total{kind="text_to_image",result="internal"} 1.0' in metrics.scrape()


@pytest.mark.usefixtures("store")
def test_what_webhooks_still_have_to_tell_is_told_wherever_it_waits(settings: Settings) -> None:
    able = telling(settings)
    with served(able) as url, httpx2.Client(base_url=url, timeout=30) as http:
        registered(http)
        job = http.post("/v1/jobs", json=LIGHTHOUSE).json()
        http.post(f"{job['href']}/cancel")
        in_the_outbox = scraped(http)
        assert sample(in_the_outbox, "webhook_pending") == 1
        assert sample(in_the_outbox, "webhook_oldest_due_timestamp_seconds") == 0
        canceled(http, able)
        assert sample(scraped(http), "webhook_pending") == 2
        until(lambda: sample(scraped(http), "webhook_oldest_due_timestamp_seconds") > 1e9, "one is due")
        attempted(able, MessageStatus.DELIVERED)
        assert sample(scraped(http), "webhook_pending") == 1


def test_it_tells_every_metric_of_a_gateway_and_of_the_stack_and_no_other(http: httpx2.Client) -> None:
    for _ in range(2):  # the first answer is counted after it was made
        told = {name for name, _ in scraped(http) if name.startswith(PREFIX)}
    promised = {series for metric in told_by(Teller.GATEWAY, Teller.STACK) for series in metric.series}
    assert told == promised


def test_ends_are_told_by_kind_status_and_code_whoever_made_them(http: httpx2.Client) -> None:
    job = http.post("/v1/jobs", json=LIGHTHOUSE).json()
    http.post(f"{job['href']}/cancel")
    samples = scraped(http)
    how = {"kind": "text_to_image", "error_code": "none"}
    assert sample(samples, "jobs_finished_total", status="canceled", **how) == 1
    assert sample(samples, "jobs_finished_total", status="succeeded", **how) == 0
    assert sample(samples, "dead_letters_total", what="job") == sample(samples, "dead_letters") == 0


def test_work_is_what_one_worker_would_take_for_it_and_absent_while_nobody_can_tell(
    http: httpx2.Client, settings: Settings
) -> None:
    series = "latentrelay_queue_work_seconds", frozenset({("stage", "sdxl_base")})
    assert scraped(http)[series] == 0
    http.post("/v1/jobs", json=LIGHTHOUSE)
    assert series not in scraped(http)
    waits = work(TextToImage(prompt="a lighthouse"), StageName.SDXL_BASE)
    connect(settings).hset(keys.pace(StageName.SDXL_BASE), mapping={"jobs": 1, "seconds": 60, "work": waits})
    until(lambda: series in scraped(http), "the pace is known")
    assert scraped(http)[series] == pytest.approx(60), "without a worker, too"


def test_prometheus_finds_the_workers_that_tell_their_metrics(http: httpx2.Client, settings: Settings) -> None:
    assert http.get("/metrics/targets").json() == []
    workers = Workers(connect(settings))
    for number, url in enumerate((None, "http://gpu-7:9103/metrics")):
        known = {"id": f"w{number}", "host": "gpu-7", "pid": 1, "metrics_url": url}
        workers.tell(WorkerInfo(stage=StageName.SDXL_REFINER, state=WorkerState.READY, **known))
    answer = http.get("/metrics/targets")
    assert answer.headers["Content-Type"] == "application/json"
    meta = {"stage": "sdxl_refiner", "worker": "w1", "host": "gpu-7"}
    labels = {f"__meta_latentrelay_{name}": told for name, told in meta.items()}
    assert answer.json() == [{"targets": ["gpu-7:9103"], "labels": {"__metrics_path__": "/metrics", **labels}}]


def test_requests_are_counted_by_route_and_never_by_what_they_name(http: httpx2.Client) -> None:
    for path in ("/v1/jobs/one", "/v1/jobs/two", "/nowhere/else"):
        http.get(path)
    http.request("BREW", "/v1/jobs")
    samples = scraped(http)
    assert sample(samples, "http_requests_total", method="GET", route="/v1/jobs/{job_id}", status="404") == 2
    assert sample(samples, "http_requests_total", method="GET", route="none", status="404") == 1
    assert sample(samples, "http_response_start_seconds_count", route="/v1/jobs/{job_id}") == 2
    assert not [labels for _, labels in samples if "BREW" in str(labels) or "else" in str(labels)]


def test_a_scrape_answers_without_what_redis_would_tell_where_it_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    with served(away) as url, httpx2.Client(base_url=url, timeout=30) as http:
        samples = scraped(http)
        assert http.get("/metrics/targets").status_code == 503, "Prometheus keeps to what it knew"
    assert ("process_resident_memory_bytes", frozenset()) in samples
    assert not [name for name, _ in samples if "queue" in name or "webhook" in name]
