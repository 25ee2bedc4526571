"""One tree of errors: permanent ones end a job, retryable ones give it another attempt.

The docstring of a class is its message where none is given. `code` is closed and stable: clients branch on it,
in a job's error, in an HTTP problem and in a webhook alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self


class ErrorCode(StrEnum):
    """The closed set of codes outsiders may branch on."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    INPUT_TOO_LARGE = "input_too_large"
    INPUT_UNDECODABLE = "input_undecodable"
    UNSAFE_URL = "unsafe_url"
    QUEUE_FULL = "queue_full"
    RATE_LIMITED = "rate_limited"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    CANCELED = "canceled"
    OUT_OF_MEMORY = "out_of_memory"
    MODEL_UNAVAILABLE = "model_unavailable"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    INTERNAL = "internal"


class LatentRelayError(Exception):
    """Latent Relay could not do what was asked."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False
    problems: "tuple[FieldProblem, ...]" = ()
    """The fields of the request that are behind it, where one is."""

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or str(type(self).__doc__).strip()
        super().__init__(self.detail)


class PermanentError(LatentRelayError):
    """The same request would fail again."""


class RetryableError(LatentRelayError):
    """The same request may succeed later: after `retry_after` seconds, where that is known."""

    retryable = True

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


@dataclass(frozen=True)
class FieldProblem:
    """One field that is wrong: its JSON pointer (RFC 6901) and what is wrong with it."""

    pointer: str
    detail: str

    @property
    def path(self) -> str:
        """The pointer as people write it, like `refine.switch_at`; empty for the request itself."""
        return self.pointer.strip("/").replace("/", ".").replace("~1", "/").replace("~0", "~")

    def __str__(self) -> str:
        """Read like `refine.switch_at: must be a number from 0.05 to 0.95, got 2`."""
        return f"{self.path or 'request'}: {self.detail}"


class InvalidRequest(PermanentError):
    """The request has a field that is wrong."""

    code = ErrorCode.INVALID_REQUEST

    def __init__(self, problems: Sequence[FieldProblem] | str) -> None:
        given = [FieldProblem("", problems)] if isinstance(problems, str) else problems
        self.problems = tuple(given)
        super().__init__("; ".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, field: str, detail: str) -> Self:
        """Name one field by its dotted path."""
        return cls([FieldProblem("/" + field.replace(".", "/"), detail)])


class Contradiction(InvalidRequest):
    """The fields are right alone, and wrong together or now."""


class Unauthorized(PermanentError):
    """This needs an API key that is valid: `Authorization: Bearer lr_...`."""

    code = ErrorCode.UNAUTHORIZED


class Forbidden(PermanentError):
    """This API key may not do that."""

    code = ErrorCode.FORBIDDEN


class NotFound(PermanentError):
    """There is no such thing, or it is not yours."""

    code = ErrorCode.NOT_FOUND


class ArtifactLost(NotFound):
    """The object store has lost this object."""


class Conflict(PermanentError):
    """The state of the thing does not allow this."""

    code = ErrorCode.CONFLICT


class LatentsMismatch(Conflict):
    """These latents cannot be continued faithfully here."""


class IdempotencyMismatch(PermanentError):
    """This idempotency key was used for another request."""

    code = ErrorCode.IDEMPOTENCY_MISMATCH


class InputTooLarge(PermanentError):
    """The input is larger than allowed."""

    code = ErrorCode.INPUT_TOO_LARGE


class InputUndecodable(PermanentError):
    """The input is not an image this service can read."""

    code = ErrorCode.INPUT_UNDECODABLE


class UnsafeUrl(PermanentError):
    """This URL may not be reached."""

    code = ErrorCode.UNSAFE_URL


class DeadlineExceeded(PermanentError):
    """The job's deadline has passed."""

    code = ErrorCode.DEADLINE_EXCEEDED


class Canceled(PermanentError):
    """The job was canceled."""

    code = ErrorCode.CANCELED


class ModelUnavailable(PermanentError):
    """The model cannot be served from this folder."""

    code = ErrorCode.MODEL_UNAVAILABLE
    exit_code: ClassVar[int] = 78
    """Of a worker without its model (EX_CONFIG of sysexits.h): started again, it would end the same."""


class OutOfMemory(RetryableError):
    """The device ran out of memory."""

    code = ErrorCode.OUT_OF_MEMORY


class DoesNotFit(PermanentError):
    """The device has too little memory for this, even in the smallest batch and with the VAE in tiles."""

    code = ErrorCode.OUT_OF_MEMORY


class DeviceBroken(RetryableError):
    """The device of this worker no longer computes."""

    exit_code: ClassVar[int] = 70
    """Of a worker that is not fit to go on (EX_SOFTWARE of sysexits.h): started anew, it may be."""


class QueueFull(RetryableError):
    """Too many jobs wait already."""

    code = ErrorCode.QUEUE_FULL


class StageDraining(QueueFull):
    """A stage of this job's route is being drained and takes no new jobs."""

    RETRY_SECONDS: ClassVar[float] = 120.0
    """Longer than clients wait by themselves: nobody knows when it is opened again."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, retry_after=self.RETRY_SECONDS)


class RateLimited(RetryableError):
    """That is more than this API key may ask for now."""

    code = ErrorCode.RATE_LIMITED


class StorageUnavailable(RetryableError):
    """The object store does not answer as it should."""

    code = ErrorCode.STORAGE_UNAVAILABLE


class StorageRefuses(RetryableError):
    """The object store refuses what it is asked: somebody must mend its credentials or its bucket."""

    code = ErrorCode.STORAGE_UNAVAILABLE


class StackUnavailable(RetryableError):
    """No Latent Relay stack answers here; start one with `latentrelay up`."""


class Unconfigured(StackUnavailable):
    """Whoever runs this stack has to configure something first."""

    RETRY_SECONDS: ClassVar[float] = 3600.0
    """Longer than clients wait by themselves: somebody must change a setting."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, retry_after=self.RETRY_SECONDS)


class LeaseLost(RetryableError):
    """Another attempt holds this job now; what this one made does not count."""


class HandedBack(RetryableError):
    """This worker must end; the job goes on elsewhere, and the attempt is not counted."""
