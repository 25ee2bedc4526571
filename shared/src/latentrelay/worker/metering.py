"""Telling a worker's metrics at a port of their own: whatever keeps them from being told, the worker works."""

import ipaddress
import logging
import socket
from dataclasses import dataclass, field
from typing import Self

from latentrelay.contracts import StageName
from latentrelay.metrics.instruments import serve
from latentrelay.settings import Settings
from latentrelay.worker.doing import BusyTime
from latentrelay.worker.meter import Meter, NoMeter
from latentrelay.worker.prometheus_meter import PrometheusMeter

PORTS = 64
"""From the configured one on: so many workers of one machine are told."""
LAST_PORT = 65_535

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Metering:
    """The meter of a process, and where it is told."""

    meter: Meter
    url: str | None = None
    """None: nowhere."""
    busy: BusyTime = field(default_factory=BusyTime)
    """For how long the process has held jobs: what its presence tells and what the meter tells are the same."""

    @classmethod
    def of(cls, stage: StageName, settings: Settings) -> Self:
        """As `settings` want it. To be called in the process that works, whose threads tell it."""
        host, first = settings.worker_metrics_host, settings.worker_metrics_port
        if not first:
            return cls(NoMeter())
        busy = BusyTime()
        meter = PrometheusMeter(stage, busy)
        try:
            port = serve(meter.registry, host, range(first, min(first + PORTS, LAST_PORT + 1)))
        except OSError as error:
            log.warning("metrics not told", extra={"host": host, "port": first, "error": str(error)})
            return cls(meter, busy=busy)
        url = url_of(host, port)
        log.info("metrics told", extra={"url": url})
        return cls(meter, url, busy)


def url_of(host: str, port: int) -> str:
    """Where others find what listens at `host`; at every address, it is found by the name of this machine."""
    name = socket.gethostname() if _is_unspecified(host) else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/metrics"


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host
