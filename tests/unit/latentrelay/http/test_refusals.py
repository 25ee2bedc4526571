"""Errors cross HTTP: what the gateway raises is what its client raises."""

import json

import pytest

from latentrelay import errors
from latentrelay.errors import ErrorCode, FieldProblem, InvalidRequest, LatentRelayError
from latentrelay.http.answers import Answer, Lost
from latentrelay.http.refusals import BY_CODE, refusal
from services.gateway.problems import problem_response

TOLD = [
    InvalidRequest([FieldProblem("/prompt", "is required"), FieldProblem("/refine/switch_at", "must be a number")]),
    errors.Contradiction.at("width", "times height is too much"),
    *(kind("what happened") for kind in BY_CODE.values()),
    LatentRelayError("Something broke here."),
]


@pytest.mark.parametrize("error", TOLD, ids=lambda error: type(error).__name__)
def test_an_error_is_raised_as_it_was_told(error: LatentRelayError) -> None:
    response = problem_response(error)
    found = refusal(Answer(response.status_code, response.headers, bytes(response.body)))
    assert (type(found), found.detail, found.code) == (type(error), error.detail, error.code)
    if isinstance(error, InvalidRequest):
        assert isinstance(found, InvalidRequest)
        assert found.problems == error.problems


def test_a_stack_that_is_away_is_told_without_its_address() -> None:
    response = problem_response(errors.StackUnavailable("Redis at 10.0.0.1:6379 does not answer."))
    found = refusal(Answer(response.status_code, response.headers, bytes(response.body)))
    assert isinstance(found, errors.StackUnavailable)
    assert "10.0.0.1" not in found.detail


def test_every_code_has_its_error() -> None:
    assert set(BY_CODE) | {ErrorCode.INVALID_REQUEST, ErrorCode.INTERNAL} == set(ErrorCode)


def test_when_to_try_again_crosses_too() -> None:
    response = problem_response(errors.QueueFull(retry_after=3))
    found = refusal(Answer(response.status_code, response.headers, bytes(response.body)))
    assert isinstance(found, errors.QueueFull)
    assert found.retry_after == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.Unauthorized),
        (404, errors.NotFound),
        (413, errors.InputTooLarge),
        (429, errors.RateLimited),
        (502, errors.StackUnavailable),
        (503, errors.StackUnavailable),
        (418, LatentRelayError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>nginx</html>", b"[1]", b'"text"', b"\xff", b'{"code": "later"}'])
def test_what_somebody_on_the_way_answers_is_told_by_its_status(
    status: int, kind: type[LatentRelayError], body: bytes
) -> None:
    assert type(refusal(Answer(status, {}, body))) is kind


def test_no_answer_is_a_stack_that_is_away() -> None:
    found = refusal(Lost("ConnectError: refused", is_unsent=True))
    assert isinstance(found, errors.StackUnavailable)
    assert found.retryable
    assert json.dumps(found.detail) == '"The gateway does not answer: ConnectError: refused"'
