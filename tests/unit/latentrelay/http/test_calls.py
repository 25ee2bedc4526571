"""What is sent."""

import json

import pytest

from latentrelay import (
    ImageSource,
    JobImage,
    JobStatus,
    Kind,
    Refine,
    Refinement,
    RefineMode,
    Role,
    StageName,
    TextToImage,
)
from latentrelay.contracts import Continue, JobRequest, parse_request
from latentrelay.errors import LatentRelayError, NotFound
from latentrelay.http import calls, operating_calls
from latentrelay.http.address import Address
from latentrelay.http.answers import Answer

REQUESTS: tuple[JobRequest, ...] = (
    TextToImage(prompt="x"),
    TextToImage(
        prompt="x", negative_prompt="", refine=Refine(mode=RefineMode.IMG2IMG, strength=0.5), metadata={"a": "b"}
    ),
    Refinement(prompt="x", image=ImageSource(job=JobImage(job_id="a")), refine=Continue(strength=0.2)),
)


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_is_asked_arrives_and_what_is_unset_stays_unsaid(request_: JobRequest) -> None:
    told = json.loads(calls.estimate(request_).content or b"")
    assert parse_request(told) == request_
    assert set(told) == request_.model_fields_set | {"kind"}


def test_a_submission_brings_an_idempotency_key_its_own_or_a_new_one() -> None:
    def key(request: JobRequest) -> str:
        return str(json.loads(calls.submit(request).content or b"")["idempotency_key"])

    assert key(TextToImage(prompt="x", idempotency_key="mine")) == "mine"
    assert key(REQUESTS[0]) != key(REQUESTS[0])


@pytest.mark.parametrize("job_id", ["", "..", "a/cancel", "a?x", "a" * 65, "é", "a\n"])
def test_what_cannot_be_a_job_is_not_asked_for(job_id: str) -> None:
    with pytest.raises(NotFound):
        calls.get(job_id)


def test_a_listing_says_what_is_wanted() -> None:
    wanted = calls.listing(JobStatus.QUEUED, Kind.VARIATION, StageName.UNCLIP_VARIATION, 10, None).query
    assert wanted == {"status": "queued", "kind": "variation", "stage": "unclip_variation", "limit": "10"}


def test_the_key_goes_to_the_gateway_and_to_nobody_else() -> None:
    address = Address("http://gateway", "lr_id_secret")
    assert address.request(calls.get("a"))["headers"]["Authorization"] == "Bearer lr_id_secret"
    assert "secret" not in str(address.request(calls.linked("http://store/x")))
    assert "secret" not in repr(address)
    assert "Authorization" not in Address("http://gateway").request(calls.get("a"))["headers"]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"null"])
def test_an_answer_of_somebody_else_is_told_as_such(body: bytes) -> None:
    for call in (
        calls.get("a"),
        calls.upload(b"x"),
        operating_calls.queues(),
        calls.listing(None, None, None, 1, None),
    ):
        with pytest.raises(LatentRelayError, match="no gateway"):
            call.told(Answer(200, {}, body))


def test_an_image_is_read_from_the_answer_or_from_where_it_leads() -> None:
    call = calls.image_or_link("a", 0, Role.BASE)
    assert call.query == {"role": "base"}
    assert call.told(Answer(302, {"location": "http://store/x"})) == "http://store/x"
    assert call.told(Answer(200, {}, b"pixels")) == b"pixels"
    for answer in (Answer(302, {}), Answer(202, {}, b"{}"), Answer(301, {"location": "http://elsewhere/x"})):
        with pytest.raises(LatentRelayError):
            call.told(answer)
