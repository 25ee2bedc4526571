"""Debian's Prometheus, scraping the processes of a test as `infra/prometheus/up.yml` does those of `latentrelay up`."""

import json
import math
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from infra.prometheus.asked import INFRA
from tests.processes import free_port, until

CONFIG = INFRA / "prometheus" / "up.yml"


class Prometheus:
    """One that runs, at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def answers(self, query: str) -> list[float]:
        """The numbers that `query` gives now; NaN, of a rate of nothing, is none."""
        told = self._ask("query?" + urllib.parse.urlencode({"query": query}))
        values = [float(found["value"][1]) for found in told["result"]] if told["resultType"] == "vector" else []
        return [value for value in values if not math.isnan(value)]

    def up(self) -> dict[str, int]:
        """How many targets of each job answer."""
        counted = self._ask("query?" + urllib.parse.urlencode({"query": "sum by (job) (up)"}))["result"]
        return {found["metric"]["job"]: int(found["value"][1]) for found in counted}

    def _ask(self, call: str) -> dict:
        with urllib.request.urlopen(f"{self._url}/api/v1/{call}", timeout=30) as answer:
            return json.load(answer)["data"]


@contextmanager
def scraping(binary: str, folder: Path, gateway: str, sender: str) -> Iterator[Prometheus]:
    """A Prometheus that scrapes every second, for as long as the block lasts."""
    text = CONFIG.read_text(encoding="utf-8").replace("127.0.0.1:8000", gateway).replace("127.0.0.1:9101", sender)
    config = yaml.safe_load(text)
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(CONFIG.parent / "rules" / "*.yml")]
    config["scrape_configs"][2]["http_sd_configs"][0]["refresh_interval"] = "1s"
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    with (folder / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(
            [
                *(binary, "--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "data"),
                *("--web.listen-address", address),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: _is_ready(f"http://{address}/-/ready"), "Prometheus is ready")
        yield Prometheus(f"http://{address}")
    finally:
        running.kill()
        running.wait()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
