"""What traces and logs tell of an attempt to send a webhook: no URL, whose query may hold a secret, and no answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from latentrelay.contracts import Outcome, WebhookAttempt
from latentrelay.logs import bound
from latentrelay.tracing import Kind, Span, Tracer, Value, in_logs
from latentrelay.webhooks.deliveries import Delivery


@contextmanager
def traced(tracer: Tracer, delivery: Delivery) -> Iterator[Span]:
    """The span of an attempt, in the trace of its job; logs name both."""
    told: dict[str, Value] = {
        "message_id": delivery.message_id,
        "endpoint_id": delivery.endpoint_id,
        "job_id": delivery.job_id,
        "attempt": delivery.attempt,
    }
    span = tracer.span("webhook", Kind.CLIENT, delivery.trace, event=delivery.type, **told)
    with bound(**told, **in_logs(delivery.trace)), span as begun:
        yield begun


def tell_end(span: Span, attempt: WebhookAttempt) -> None:
    """What came of it."""
    span.tell(outcome=attempt.outcome)
    if attempt.status is not None:
        span.tell(**{"http.response.status_code": attempt.status})
    if attempt.outcome is not Outcome.DELIVERED:
        span.fail(attempt.outcome)
