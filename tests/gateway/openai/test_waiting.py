"""Streams of OpenAI's Images API, and what becomes of a job that nobody waits for."""

import base64
from typing import Any

import openai
import pytest
from openai import OpenAI

from latentrelay import JobStatus
from latentrelay.client import Client
from latentrelay.settings import Settings
from tests.gateway.openai.asking import LONG, PICTURE, PROMPT, named, newest
from tests.gateway.serving import served
from tests.processes import until


def test_pictures_of_what_is_drawn_come_before_the_images(ai: OpenAI, client: Client) -> None:
    told = {"metadata": {"steps": "12", "preview_steps": "1", "step_seconds": "0.3"}}
    events = list(ai.images.generate(prompt=PROMPT, model="sdxl-base", stream=True, partial_images=2, extra_body=told))
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert [getattr(event, "partial_image_index", None) for event in events] == [0, 1, None]
    first, second, last = (base64.b64decode(event.b64_json) for event in events)
    assert first.startswith(b"\xff\xd8\xff")
    assert first != second
    assert last == client.download(newest(client).id)


def test_an_edit_streams_too(ai: OpenAI) -> None:
    events = list(ai.images.edit(image=PICTURE, prompt=PROMPT, stream=True))
    assert [event.type for event in events] == ["image_edit.completed"]


def test_every_image_of_a_stream_is_an_event(ai: OpenAI) -> None:
    events = list(ai.images.generate(prompt=PROMPT, n=3, stream=True))
    assert [event.type for event in events] == ["image_generation.completed"] * 3
    assert len({event.b64_json for event in events}) == 3


def test_a_job_that_fails_ends_its_stream_with_the_error(ai: OpenAI) -> None:
    told = {"metadata": {"raise": "InputUndecodable"}}
    with pytest.raises(openai.APIError) as raised:
        list(ai.images.generate(prompt=PROMPT, stream=True, extra_body=told))
    assert raised.value.code == "input_undecodable"


def test_a_client_that_leaves_takes_its_job_with_it(ai: OpenAI, client: Client) -> None:
    with pytest.raises(openai.APITimeoutError):
        ai.images.generate(prompt=PROMPT, user="left", extra_body={"metadata": LONG}, timeout=3)
    until(lambda: [job.status for job in named(client, "left")] == [JobStatus.CANCELED], "the job is canceled")


def test_a_reader_that_leaves_its_stream_takes_its_job_with_it(ai: OpenAI, client: Client) -> None:
    with ai.images.generate(prompt=PROMPT, stream=True, extra_body={"metadata": LONG}):
        job = newest(client)
        assert not job.status.is_terminal
    until(lambda: client.get(job.id).status is JobStatus.CANCELED, "the job is canceled")


def test_a_job_with_a_key_outlives_its_client_and_is_asked_for_again(ai: OpenAI, client: Client) -> None:
    told: dict[str, Any] = {
        "prompt": PROMPT,
        "model": "sdxl-base",
        "user": "kept",
        "extra_body": {"metadata": {"steps": "80", "step_seconds": "0.1"}},
        "extra_headers": {"Idempotency-Key": "once"},
    }
    with pytest.raises(openai.APITimeoutError):
        ai.images.generate(**told, timeout=3)
    until(lambda: bool(named(client, "kept")), "the job is submitted")
    answer = ai.images.generate(**told)
    assert [job.id for job in named(client, "kept")] == [answer._request_id]


def test_the_same_key_and_image_again_is_the_same_edit(ai: OpenAI) -> None:
    told: dict[str, Any] = {"image": PICTURE, "prompt": PROMPT, "extra_headers": {"Idempotency-Key": "edited"}}
    first = ai.images.edit(**told)
    assert ai.images.edit(**told)._request_id == first._request_id
    with pytest.raises(openai.UnprocessableEntityError):
        ai.images.edit(**told | {"image": ("other.png", b"another picture", "image/png")})


def test_a_call_that_takes_too_long_names_the_job_that_goes_on(settings: Settings, client: Client) -> None:
    hasty = settings.model_copy(update={"images_wait_seconds": 0.5})
    with (
        served(hasty) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=2) as ai,
        pytest.raises(openai.InternalServerError) as raised,
    ):
        ai.images.generate(prompt=PROMPT, extra_body={"metadata": LONG})
    job = newest(client)
    assert (raised.value.status_code, raised.value.code, raised.value.request_id) == (504, "not_ended", job.id)
    assert job.id in raised.value.message
    assert job.status in (JobStatus.QUEUED, JobStatus.RUNNING)
    client.cancel(job.id)
