"""What traces tell of an attempt: how long its job waited for it, and what it spends its time on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from latentrelay.jobs import Answer, Claim
from latentrelay.logs import bound
from latentrelay.tracing import Kind, Span, Tracer, Value, in_logs
from latentrelay.worker.verdict import Fail, Retry, Rewind, Verdict


@contextmanager
def traced(tracer: Tracer, claim: Claim) -> Iterator[Span]:
    """The span of the attempt that was claimed just now, beside that of the wait before it; logs name its trace.

    Both are by this machine's clock, which tells when the claim was; how long the wait was, Redis' clock tells.
    """
    job, now = claim.job, datetime.now(UTC)
    told: dict[str, Value] = {"job_id": job.id, "stage": job.stage, "attempt": job.attempt}
    tracer.tell("handoff" if claim.was_handed else "queued", claim.trace, now - claim.timing.waited, now, **told)
    span = tracer.span(job.stage, Kind.CONSUMER, claim.trace, kind=job.kind, **told)
    with bound(**told, **in_logs(claim.trace)), span as begun:
        yield begun


def tell_end(span: Span, answer: Answer, verdict: Verdict) -> None:
    """What became of the attempt: what Redis says, and where it failed, the code of the error."""
    span.tell(outcome=answer)
    if isinstance(verdict, Fail | Retry | Rewind):
        span.fail(verdict.problem.code)
