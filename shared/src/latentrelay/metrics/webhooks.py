"""What a sender of webhooks tells."""

from latentrelay.contracts import Outcome
from latentrelay.metrics.metric import Label, Metric, MetricType, Teller

_WEBHOOKS = (Teller.WEBHOOKS,)

WEBHOOK_ATTEMPTS = Metric(
    "webhook_attempts_total",
    MetricType.COUNTER,
    "Attempts, by what came of them.",
    _WEBHOOKS,
    (Label.of("outcome", Outcome),),
)
WEBHOOK_ATTEMPT_SECONDS = Metric(
    "webhook_attempt_seconds",
    MetricType.HISTOGRAM,
    "From the start of an attempt to its end, whatever came of it.",
    _WEBHOOKS,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)

WEBHOOKS = (WEBHOOK_ATTEMPTS, WEBHOOK_ATTEMPT_SECONDS)
