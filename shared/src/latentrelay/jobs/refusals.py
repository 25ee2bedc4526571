"""What scripts refuse, as errors."""

from latentrelay.errors import Conflict, IdempotencyMismatch, LatentRelayError, NotFound, QueueFull

_REFUSED: dict[str, type[LatentRelayError]] = {
    "mismatch": IdempotencyMismatch,
    "full": QueueFull,
    "tenant_full": QueueFull,
    "gone": NotFound,
}
_REFUSALS = {
    "mismatch": str(IdempotencyMismatch.__doc__),
    "full": "Too many jobs wait already; try again later.",
    "tenant_full": "Too many jobs of {tenant} wait already; try again later.",
    "gone": "There is no object {key} any more.",
}


def refuse_submission(result: str, tenant: str, key: str) -> None:
    """Raise where a submission recorded nothing.

    Raises:
        IdempotencyMismatch, QueueFull, NotFound: as the script says.
    """
    if result in _REFUSED:
        raise _REFUSED[result](_REFUSALS[result].format(tenant=tenant, key=key))


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
