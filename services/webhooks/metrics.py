"""What a sender of webhooks tells Prometheus."""

from latentrelay.contracts import WebhookAttempt
from latentrelay.metrics import webhooks
from latentrelay.metrics.instruments import Instruments, serve


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        made = Instruments()
        self.registry = made.registry
        self._attempts = made.counter(webhooks.WEBHOOK_ATTEMPTS)
        self._seconds = made.histogram(webhooks.WEBHOOK_ATTEMPT_SECONDS)

    def attempted(self, attempt: WebhookAttempt) -> None:
        """An attempt has ended."""
        self._attempts.labels(attempt.outcome).inc()
        self._seconds.observe(attempt.seconds or 0)

    def serve(self, host: str, port: int) -> None:
        """Tell them at `http://host:port/metrics`, in threads of their own.

        Raises:
            OSError: nothing can be listened at there.
        """
        serve(self.registry, host, [port])
