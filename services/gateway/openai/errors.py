"""Errors as OpenAI tells them: the client of OpenAI turns these into its own exceptions."""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from latentrelay.contracts import Job, Problem, Told
from latentrelay.errors import ErrorCode, FieldProblem, InvalidRequest, LatentRelayError
from services.gateway.openai.models import ModelNotFound
from services.gateway.problems import STATUS, invalid, problem_of, retry_headers, status_of
from services.gateway.request_log import REQUEST_ID

_TYPES: Mapping[int, str] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class OpenAIError(Told):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    """The parameter that is wrong, where one is."""
    code: str
    """Ours, as in every problem document; or `model_not_found`, or `not_ended`."""


class OpenAIErrorAnswer(Told):
    """Why a call failed."""

    error: OpenAIError


class OpenAIRoute(APIRoute):
    """A route that tells its errors as OpenAI does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, its errors told."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except LatentRelayError as error:
                return error_response(error)
            except RequestValidationError as error:
                return error_response(invalid(error))
            except HTTPException as error:  # a form that cannot be read
                return error_response(InvalidRequest(str(error.detail)))

        return told


def error_response(error: LatentRelayError) -> JSONResponse:
    """The answer that tells `error`."""
    headers = {**retry_headers(error), **should_retry(is_useful=error.retryable)}
    return JSONResponse(answer_of(error), status_of(error), headers=headers)


def after_submission(error: LatentRelayError, job: Job, *, is_repeatable: bool) -> JSONResponse:
    """The answer that tells `error`, which came when `job` was made already. Asked again, it would be drawn again.

    Args:
        error: what went wrong.
        job: what was submitted.
        is_repeatable: whether the same call again gets the same job, by its idempotency key.
    """
    answer = answer_of(error)
    answer["error"]["message"] += f" Job {job.id} is made all the same: GET /v1/jobs/{job.id}."
    headers = {**retry_headers(error), **should_retry(is_useful=is_repeatable and error.retryable)}
    return JSONResponse(answer, status_of(error), headers={**headers, REQUEST_ID: job.id})


def answer_of(error: LatentRelayError) -> dict[str, Any]:
    """What `error` says, in OpenAI's shape."""
    code = "model_not_found" if isinstance(error, ModelNotFound) else error.code
    return told(status_of(error), code, problem_of(error).detail, _param(error))


def failure_response(job: Job) -> JSONResponse:
    """The answer that tells why `job` made no images. It had its attempts: another try is the caller's to decide."""
    status, answer = failure(job)
    return JSONResponse(answer, status, headers={REQUEST_ID: job.id, **should_retry(is_useful=False)})


def failure(job: Job) -> tuple[HTTPStatus, dict[str, Any]]:
    """Why `job` made no images."""
    problem = job.error or Problem(code=ErrorCode.CANCELED, detail=f"Job {job.id} was canceled.")
    status = STATUS[problem.code]
    return status, told(status, problem.code, problem.detail)


def not_ended_response(job: Job, seconds: float) -> JSONResponse:
    """The answer where `job` takes longer than anybody waits for it here."""
    detail = f"Job {job.id} has not ended after {seconds:g} s. It goes on: GET /v1/jobs/{job.id}."
    answer = told(HTTPStatus.GATEWAY_TIMEOUT, "not_ended", detail)
    return JSONResponse(
        answer, HTTPStatus.GATEWAY_TIMEOUT, headers={REQUEST_ID: job.id, **should_retry(is_useful=False)}
    )


def told(status: HTTPStatus, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    kind = _TYPES.get(status, "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def should_retry(*, is_useful: bool) -> dict[str, str]:
    """What OpenAI's client goes by before it looks at the status, so that it draws nothing twice in vain."""
    return {"X-Should-Retry": str(is_useful).lower()}


def _param(error: LatentRelayError) -> str | None:
    if isinstance(error, ModelNotFound):
        return "model"
    pointer = error.problems[0].pointer if error.problems else ""
    return FieldProblem(pointer, "").path or None
