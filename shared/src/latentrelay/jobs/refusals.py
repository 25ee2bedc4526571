"""What scripts refuse, as errors."""

from latentrelay.errors import Conflict, IdempotencyMismatch, NotFound, QueueFull, RateLimited

FULL_SECONDS = 5.0  # a place in the queue is soon free


def refuse_submission(result: str, tenant: str, told: str) -> None:
    """Raise where a submission recorded nothing; `told` is what the script says beside `result`.

    Raises:
        IdempotencyMismatch, QueueFull, RateLimited, NotFound: as the script says.
    """
    match result:
        case "mismatch":
            raise IdempotencyMismatch
        case "full":
            raise QueueFull("Too many jobs wait already; try again later.", retry_after=FULL_SECONDS)
        case "tenant_full":
            raise RateLimited(f"Too many jobs of {tenant} wait already; try again later.", retry_after=FULL_SECONDS)
        case "pixels_spent":
            raise RateLimited(f"The pixels of {tenant} for today (UTC) are spent.", retry_after=int(told) / 1000)
        case "gone":
            raise NotFound(f"There is no object {told} any more.")


def refuse(result: str | None, job_id: str) -> None:
    """Raise where a script changed nothing.

    Raises:
        NotFound: there is no such job.
        Conflict: its state does not allow it.
    """
    match result:
        case None:
            raise NotFound(f"There is no job {job_id}.")
        case "live":
            raise Conflict("The job has not ended; cancel it first.")
        case "referenced":
            raise Conflict("A job that has not ended reads what this one made.")
        case "changed":
            raise Conflict("The job has changed meanwhile.")
