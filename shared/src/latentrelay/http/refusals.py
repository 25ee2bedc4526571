"""What an outcome that is no success means, as the errors that the other client raises. Pure."""

import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from latentrelay import errors
from latentrelay.errors import ErrorCode, FieldProblem, LatentRelayError, RetryableError
from latentrelay.http.answers import Answer, Outcome

BY_CODE: Mapping[str, type[LatentRelayError]] = {
    ErrorCode.UNAUTHORIZED: errors.Unauthorized,
    ErrorCode.FORBIDDEN: errors.Forbidden,
    ErrorCode.NOT_FOUND: errors.NotFound,
    ErrorCode.CONFLICT: errors.Conflict,
    ErrorCode.IDEMPOTENCY_MISMATCH: errors.IdempotencyMismatch,
    ErrorCode.INPUT_TOO_LARGE: errors.InputTooLarge,
    ErrorCode.INPUT_UNDECODABLE: errors.InputUndecodable,
    ErrorCode.UNSAFE_URL: errors.UnsafeUrl,
    ErrorCode.QUEUE_FULL: errors.QueueFull,
    ErrorCode.RATE_LIMITED: errors.RateLimited,
    ErrorCode.DEADLINE_EXCEEDED: errors.DeadlineExceeded,
    ErrorCode.CANCELED: errors.Canceled,
    ErrorCode.OUT_OF_MEMORY: errors.OutOfMemory,
    ErrorCode.MODEL_UNAVAILABLE: errors.ModelUnavailable,
    ErrorCode.STORAGE_UNAVAILABLE: errors.StorageUnavailable,
}
BY_STATUS: Mapping[int, type[LatentRelayError]] = {
    HTTPStatus.UNAUTHORIZED: errors.Unauthorized,
    HTTPStatus.FORBIDDEN: errors.Forbidden,
    HTTPStatus.NOT_FOUND: errors.NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.InputTooLarge,
    HTTPStatus.TOO_MANY_REQUESTS: errors.RateLimited,
    HTTPStatus.BAD_GATEWAY: errors.StackUnavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: errors.StackUnavailable,
    HTTPStatus.GATEWAY_TIMEOUT: errors.StackUnavailable,
}


def refusal(outcome: Outcome) -> LatentRelayError:
    """The error that `outcome` tells: by its code, or by its status where somebody on the way answered instead."""
    if not isinstance(outcome, Answer):
        return errors.StackUnavailable(f"The gateway does not answer: {outcome.reason}")
    told = _problem(outcome.body)
    detail = str(told.get("detail") or f"The gateway answered {outcome.status}.")
    if told.get("code") == ErrorCode.INVALID_REQUEST:
        return _invalid(told, detail, outcome.status)
    kind = BY_CODE.get(str(told.get("code"))) or BY_STATUS.get(outcome.status, LatentRelayError)
    if issubclass(kind, RetryableError):
        return kind(detail, retry_after=outcome.retry_after)
    return kind(detail)


def _problem(body: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        told = json.loads(body)
        if isinstance(told, dict):
            return told
    return {}


def _invalid(told: Mapping[str, Any], detail: str, status: int) -> LatentRelayError:
    kind = errors.Contradiction if status == HTTPStatus.UNPROCESSABLE_ENTITY else errors.InvalidRequest
    fields = [FieldProblem(str(one.get("pointer", "")), str(one.get("detail", ""))) for one in told.get("errors") or ()]
    return kind(fields or detail)
