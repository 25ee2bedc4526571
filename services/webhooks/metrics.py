"""Every metric of the sender of webhooks."""

from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from latentrelay.contracts import Outcome, WebhookAttempt

PREFIX = "latentrelay_"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the package types half of itself


class Metrics:
    """The metrics of one process; labels are closed sets, and every series that can be is there from the start."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info(f"{PREFIX}build", "What runs here.", registry=self.registry).info({"version": version("latentrelay")})
        self._attempts = Counter(
            f"{PREFIX}webhook_attempts", "Attempts, by what came of them.", ("outcome",), registry=self.registry
        )
        for outcome in Outcome:
            self._attempts.labels(outcome)
        self._seconds = Histogram(
            f"{PREFIX}webhook_attempt_seconds",
            "From the start of an attempt to its end, whatever came of it.",
            buckets=SECONDS,
            registry=self.registry,
        )

    def attempted(self, attempt: WebhookAttempt) -> None:
        """An attempt has ended."""
        self._attempts.labels(attempt.outcome).inc()
        self._seconds.observe(attempt.seconds or 0)

    def serve(self, host: str, port: int) -> None:
        """Tell them at `http://host:port/metrics`, in threads of their own.

        Raises:
            OSError: nothing can be listened at there.
        """
        start_http_server(port, host, self.registry)
