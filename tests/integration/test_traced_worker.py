"""The spans of a worker that ends, and of one that nobody asked for traces."""

import signal

from latentrelay import StageName, TextToImage
from latentrelay.client import Client
from tests.collector import collecting
from tests.processes import START_SECONDS, Start


def test_a_worker_that_ends_tells_its_last_spans_and_only_a_worker_with_an_endpoint_of_ours_tells_any(
    client: Client, start: Start
) -> None:
    with collecting() as collector:
        late = {"OTEL_BSP_SCHEDULE_DELAY": "600000", "LATENTRELAY_OTLP_ENDPOINT": collector.url}
        workers = (
            start(StageName.SDXL_BASE, **late),
            start(StageName.SDXL_REFINER, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url),
        )
        job = client.wait(client.submit(TextToImage(prompt="a lighthouse")).id, timeout=START_SECONDS)
        assert not collector.spans
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(START_SECONDS) for worker in workers] == [0, 0]
    assert {span.service for span in collector.spans} == {"latentrelay.sdxl_base"}
    assert {span.name for span in collector.of(job.id)} == {"queued", "sdxl_base", "denoise", "settle"}
