"""Errors as RFC 9457 problem documents. One table of status codes."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from latentrelay.contracts import Problem
from latentrelay.errors import (
    Contradiction,
    ErrorCode,
    FieldProblem,
    InvalidRequest,
    LatentRelayError,
    PermanentError,
    RetryableError,
    StackUnavailable,
    Unconfigured,
)

MEDIA_TYPE = "application/problem+json"
AWAY_SECONDS = 5  # after which those may ask again who found Redis or the store away

STATUS: Mapping[ErrorCode, HTTPStatus] = {
    ErrorCode.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    ErrorCode.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.IDEMPOTENCY_MISMATCH: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INPUT_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.INPUT_UNDECODABLE: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.UNSAFE_URL: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.QUEUE_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.DEADLINE_EXCEEDED: HTTPStatus.CONFLICT,
    ErrorCode.CANCELED: HTTPStatus.CONFLICT,
    ErrorCode.OUT_OF_MEMORY: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.MODEL_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORAGE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class TooSlow(PermanentError):
    """The body of the request came too slowly."""

    code = ErrorCode.INVALID_REQUEST


def status_of(error: LatentRelayError) -> HTTPStatus:
    """The HTTP status that tells `error`."""
    match error:
        case Contradiction():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case TooSlow():
            return HTTPStatus.REQUEST_TIMEOUT
        case StackUnavailable():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return STATUS[error.code]


def invalid(error: RequestValidationError) -> InvalidRequest:
    """What FastAPI found wrong with a request, in our words."""
    return InvalidRequest(
        [FieldProblem("/" + "/".join(map(str, one["loc"][1:])), one["msg"]) for one in error.errors()]
    )


def problem_of(error: LatentRelayError) -> Problem:
    """What outsiders are told of `error`; not what Redis said, which names where it is."""
    if isinstance(error, StackUnavailable) and not isinstance(error, Unconfigured):
        error = StackUnavailable("What stands behind this gateway does not answer; try again soon.")
    return Problem.of(error)


def document(problem: Problem, status: HTTPStatus) -> dict[str, Any]:
    """`problem` as RFC 9457 wants it: `type` is about:blank, so `title` is the status' own phrase."""
    told = {"type": "about:blank", "title": status.phrase, "status": status.value}
    return told | problem.model_dump(mode="json")


def problem_response(
    error: LatentRelayError, headers: Mapping[str, str] | None = None, status: HTTPStatus | None = None
) -> JSONResponse:
    """The answer that tells `error`, with a `status` of its own where it has one."""
    status = status or status_of(error)
    return JSONResponse(
        document(problem_of(error), status),
        status,
        headers={**retry_headers(error), **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def retry_headers(error: LatentRelayError) -> dict[str, str]:
    """When to try again, and how to bring a key, where that helps."""
    if error.code is ErrorCode.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    seconds = error.retry_after if isinstance(error, RetryableError) else None
    if seconds is None and error.retryable and status_of(error) is HTTPStatus.SERVICE_UNAVAILABLE:
        seconds = AWAY_SECONDS
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}
