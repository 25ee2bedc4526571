"""Where a worker tells its metrics."""

import socket
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from latentrelay.contracts import Phase, StageName
from latentrelay.errors import DeviceBroken
from latentrelay.metrics import PREFIX, Teller, told_by
from latentrelay.settings import Settings
from latentrelay.stage import Memory
from latentrelay.worker.meter import NoMeter
from latentrelay.worker.metering import Metering, url_of

STAGE = StageName.SDXL_REFINER


def at(port: int) -> Metering:
    return Metering.of(STAGE, Settings(worker_metrics_port=port))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def scraped(metering: Metering) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    assert metering.url
    with urllib.request.urlopen(metering.url, timeout=60) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for one in (sample for family in families for sample in family.samples):
        found.setdefault(one.name, {})[frozenset(one.labels.items())] = one.value
    return found


def test_it_tells_every_metric_of_a_worker_from_the_start_and_no_other() -> None:
    told = {name for name in scraped(at(free_port())) if name.startswith(PREFIX)}
    assert told == {series for metric in told_by(Teller.WORKER) for series in metric.series}


def test_lost_attempts_of_other_stages_are_told_at_zero_too() -> None:
    told = scraped(at(free_port()))["latentrelay_attempts_total"]
    lost = {dict(labels)["stage"]: value for labels, value in told.items() if ("reason", "lost") in labels}
    assert lost == dict.fromkeys(StageName, 0)


def test_workers_of_one_machine_take_the_next_ports() -> None:
    port = free_port()
    urls = [at(port).url for _ in range(3)]
    assert len(set(urls)) == 3
    assert urls[0] == f"http://127.0.0.1:{port}/metrics"


def test_where_nothing_can_be_listened_at_it_counts_all_the_same_and_is_told_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    elsewhere = Settings(worker_metrics_host="192.0.2.1")  # no address of any machine
    metering = Metering.of(STAGE, elsewhere)
    assert metering.url is None
    metering.meter.stepped(1)
    assert "metrics not told" in caplog.text


def test_port_0_tells_nothing() -> None:
    metering = at(0)
    assert (type(metering.meter), metering.url) == (NoMeter, None)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9102/metrics"),
        ("gpu-7.internal", "http://gpu-7.internal:9102/metrics"),
        ("::1", "http://[::1]:9102/metrics"),
        ("0.0.0.0", f"http://{socket.gethostname()}:9102/metrics"),
        ("::", f"http://{socket.gethostname()}:9102/metrics"),
    ],
)
def test_it_is_found_at_its_address_and_by_the_machines_name_where_that_is_all_of_them(host: str, url: str) -> None:
    assert url_of(host, 9102) == url


def test_memory_is_looked_up_when_somebody_scrapes_and_a_broken_device_hides_nothing_else() -> None:
    metering = at(free_port())
    own = frozenset({("stage", STAGE.value)})
    peaks = iter([7, 8])

    def memory() -> Memory:
        if (peak := next(peaks, None)) is None:
            raise DeviceBroken
        return Memory(1, 2, peak)

    metering.meter.loaded(3.5, memory)
    assert [scraped(metering)["latentrelay_gpu_memory_peak_bytes"][own] for _ in range(2)] == [7, 8]
    told = scraped(metering)
    assert "latentrelay_gpu_memory_peak_bytes" not in told
    assert told["latentrelay_model_load_seconds"][own] == 3.5
    load = frozenset({("stage", STAGE.value), ("phase", Phase.LOAD.value)})
    assert told["latentrelay_stage_duration_seconds_count"][load] == 1
