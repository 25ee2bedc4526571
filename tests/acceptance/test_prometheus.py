"""A real Prometheus scrapes the real processes, and whatever the dashboards ask has an answer."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.prometheus.asked import drawn, rules
from latentrelay import StageName, TextToImage
from latentrelay.client import Client
from latentrelay.http import HttpClient
from latentrelay.settings import Settings
from tests.acceptance.prometheus import scraping
from tests.acceptance.webhooks import on_this_machine, registered
from tests.gateway.serving import served
from tests.processes import Start, free_port, until
from tests.programs import program
from tests.receivers import Receiver
from tests.senders import Senders


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return on_this_machine(settings)


@pytest.fixture
def sender(client: Client, senders: Senders, receiver: Receiver) -> str:
    """Where one tells its metrics that has somebody to send to."""
    registered(client, receiver.url + "/hook")
    port = free_port()
    senders.start(webhook_metrics_port=port)
    return f"127.0.0.1:{port}"


def test_every_query_of_every_dashboard_and_rule_has_an_answer(
    settings: Settings, sender: str, start: Start, tmp_path: Path
) -> None:
    binary = program("prometheus", "apt-get install prometheus")
    for stage in (StageName.SDXL_BASE, StageName.SDXL_REFINER):
        start(stage)
    waiting = {query for *_, query in drawn()} | {rule["expr"] for rule in rules() if "record" in rule}
    with served(settings) as url, scraping(binary, tmp_path, urlsplit(url).netloc, sender) as found:
        until(lambda: found.up() == {"gateway": 1, "webhooks": 1, "workers": 2}, "all are scraped")

        def all_have_answered() -> bool:
            one_more_relay(url)
            waiting.difference_update(query for query in [*waiting] if found.answers(query))
            return not waiting

        until(all_have_answered, f"there is an answer to {waiting}")


def one_more_relay(url: str) -> None:
    """Asked for over HTTP, and waited for."""
    with HttpClient(url) as client:
        client.wait(client.submit(TextToImage(prompt="a lighthouse", metadata={"steps": "2"})).id, timeout=60)
