"""The process: settings, threads, signals."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from latentrelay.errors import StackUnavailable
from latentrelay.jobs import Scripts, connect
from latentrelay.logs import configure
from latentrelay.settings import Settings
from latentrelay.stack import from_environment
from latentrelay.tracing import tracer_of
from latentrelay.webhooks.deliveries import Deliveries
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.outbox import Outbox
from services.webhooks.attempt import Sender
from services.webhooks.deliverers import Deliverers
from services.webhooks.metrics import Metrics
from services.webhooks.relay import Relay

GRACE_SECONDS = 5.0  # beyond the longest attempt
JOIN_SECONDS = 6.0  # a little longer than Redis may take to answer

log = logging.getLogger(__name__)


def main() -> None:
    """Send webhooks until told to end; 78 where the configuration does not allow it, and the last line says why."""
    configure("INFO")
    try:
        settings = from_environment()
        configure(settings.log_level)
        run(settings)
    except StackUnavailable as error:
        log.critical("webhooks cannot be sent", extra={"detail": error.detail})
        sys.exit(os.EX_CONFIG)


def run(settings: Settings) -> None:
    """Send webhooks until SIGINT or SIGTERM.

    Raises:
        StackUnavailable: there is no key that secrets are sealed by, or the metrics cannot be told at their port.
    """
    redis, metrics, stopping = connect(settings), Metrics(), threading.Event()
    tracer = tracer_of(settings.otlp_endpoint, "webhooks")
    deliverers = Deliverers(
        Deliveries.of(redis, settings),
        Sender.of(settings),
        metrics,
        tracer=tracer,
        schedule=settings.webhook_schedule_seconds,
        count=settings.webhook_deliverers,
    )
    outbox = Outbox(redis, Scripts(redis, settings.redis_replicas, WEBHOOKS), settings.webhook_message_seconds)
    relay = Relay(redis, outbox, deliverers.nudge)

    def stop(*_: object) -> None:
        stopping.set()
        deliverers.nudge()

    _tell(metrics, settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    loops = [Loop("relay", relay.run, stopping, stop), Loop("taker", deliverers.run, stopping, stop)]
    for loop in loops:
        loop.start()
    log.info("webhooks are sent", extra={"metrics_port": settings.webhook_metrics_port})
    stopping.wait()
    for loop in loops:
        loop.join(JOIN_SECONDS)  # what is being taken is to be handed out first
    deliverers.finish(settings.webhook_seconds + GRACE_SECONDS)
    tracer.close()
    if any(loop.has_failed for loop in loops):
        sys.exit(1)


class Loop(threading.Thread):
    """Work that goes on until `stopping`; should it fail, it calls `stop`: the process ends, to be started again."""

    def __init__(
        self,
        name: str,
        work: Callable[[threading.Event], None],
        stopping: threading.Event,
        stop: Callable[[], None],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.has_failed = False
        self._work = work
        self._stopping = stopping
        self._stop_all = stop

    def run(self) -> None:
        """Work."""
        try:
            self._work(self._stopping)
        except Exception:
            log.critical("the %s failed", self.name, exc_info=True)
            self.has_failed = True
            self._stop_all()


def _tell(metrics: Metrics, settings: Settings) -> None:
    host, port = settings.webhook_metrics_host, settings.webhook_metrics_port
    if port == 0:
        return
    try:
        metrics.serve(host, port)
    except OSError as error:
        raise StackUnavailable(
            f"metrics cannot be told at port {port} of {host}: {error.strerror}; "
            "choose another with LATENTRELAY_WEBHOOK_METRICS_PORT, 0 for none"
        ) from error
