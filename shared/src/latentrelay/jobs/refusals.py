"""What scripts refuse, as errors."""

from latentrelay.errors import Conflict, Forbidden, IdempotencyMismatch, NotFound, QueueFull, RateLimited, StageDraining

FULL_SECONDS = 5.0  # a place in the queue is soon free


def refuse_submission(result: str, told: str, *, pixels: int, most_pixels: int | None) -> None:
    """Raise where a submission recorded nothing.

    Args:
        result: what the script says.
        told: what it says beside that.
        pixels: that were asked for.
        most_pixels: that may be asked for in a day.

    Raises:
        IdempotencyMismatch, QueueFull, RateLimited, Forbidden, NotFound: as the script says.
    """
    match result:
        case "mismatch":
            raise IdempotencyMismatch
        case "draining":
            raise StageDraining(f"The stage {told} is being drained and takes no new jobs.")
        case "full":
            raise QueueFull("Too many jobs wait already; try again later.", retry_after=FULL_SECONDS)
        case "tenant_full":
            raise RateLimited("Too many of your jobs wait already; try again later.", retry_after=FULL_SECONDS)
        case "pixels_spent":
            raise RateLimited("Your pixels for today (UTC) are spent.", retry_after=int(told) / 1000)
        case "too_many_pixels":
            raise Forbidden(f"This job asks for {pixels} pixels; its key may ask for {most_pixels} a day.")
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
