"""What OpenAI's own client raises, when and why."""

from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import OpenAI

from latentrelay.client import Client
from latentrelay.contracts import JobStatus
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.openai.asking import LONG, PICTURE, PROMPT, named
from tests.gateway.serving import served

Ask = Callable[[OpenAI], object]
Wrong = tuple[Ask, type[openai.APIStatusError], str]


def generate(**told: Any) -> Ask:
    return lambda ai: ai.images.generate(**{"prompt": PROMPT, **told})


def vary(**told: Any) -> Ask:
    return lambda ai: ai.images.create_variation(**{"image": PICTURE, **told})


def edit(**told: Any) -> Ask:
    return lambda ai: ai.images.edit(**{"image": PICTURE, "prompt": PROMPT, **told})


BAD, CONTRADICTION, UNKNOWN = openai.BadRequestError, openai.UnprocessableEntityError, openai.NotFoundError
WRONG: dict[str, Wrong] = {
    "no prompt": (generate(prompt=""), BAD, "prompt"),
    "too many": (generate(n=9), BAD, "n"),
    "no size": (generate(size="large"), BAD, "size"),
    "a size that is not drawn": (generate(size="1000x1001"), CONTRADICTION, "size"),
    "too many pixels": (generate(size="2048x2048"), CONTRADICTION, "size"),
    "an unknown model": (generate(model="dall-e-3"), UNKNOWN, "model"),
    "a model for something else": (generate(model="stable-unclip"), BAD, "model"),
    "transparency": (generate(background="transparent"), BAD, "background"),
    "an unknown field": (generate(style="vivid"), BAD, "style"),
    "a wrong field of ours": (generate(extra_body={"refine": {"switch_at": 2}}), BAD, "refine.switch_at"),
    "a kind": (generate(extra_body={"kind": "variation"}), BAD, "kind"),
    "a contradiction of ours": (
        generate(model="sdxl-base", extra_body={"refine": {"switch_at": 0.5}}),
        CONTRADICTION,
        "refine",
    ),
    "pictures without a stream": (generate(partial_images=2), CONTRADICTION, "partial_images"),
    "links in a stream": (generate(stream=True, response_format="url"), CONTRADICTION, "response_format"),
    "another key than the header's": (
        generate(extra_body={"idempotency_key": "a"}, extra_headers={"Idempotency-Key": "b"}),
        CONTRADICTION,
        "idempotency_key",
    ),
    "an empty image": (vary(image=("picture.png", b"", "image/png")), BAD, "image"),
    "a stream of variations": (vary(extra_body={"stream": True}), BAD, "stream"),
    "latents": (vary(extra_body={"latents": {"job_id": "a"}}), BAD, "latents"),
    "two images": (edit(image=[PICTURE, PICTURE]), BAD, "image"),
    "a mask": (edit(mask=PICTURE), BAD, "mask"),
    "markup": (edit(markup=PICTURE), BAD, "markup"),
    "two edits": (edit(n=2), BAD, "n"),
    "a size of an edit": (edit(size="512x512"), BAD, "size"),
    "too much strength": (edit(extra_body={"strength": 2}), BAD, "strength"),
    "a number that is none": (edit(extra_body={"seed": "NaN"}), BAD, "seed"),
    "a number and more": (edit(extra_body={"seed": '1, "n": 1'}), BAD, "seed"),
    "a field told twice": (edit(extra_body={"refine[mode]": "img2img", "refine": "{}"}), BAD, "refine"),
}


@pytest.mark.parametrize(("key", "retried"), [(None, False), ("the same", True)])
def test_what_was_drawn_and_cannot_be_read_is_not_drawn_again(
    settings: Settings,
    client: Client,
    key: str | None,
    retried: bool,  # noqa: FBT001  # a table's column
) -> None:
    before = len(client.list(limit=250).jobs)
    lost = settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:1"})
    headers = {"Idempotency-Key": key} if key else {}
    with (
        served(lost) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=2) as ai,
        pytest.raises(openai.InternalServerError) as raised,
    ):
        ai.images.generate(prompt=PROMPT, response_format="b64_json", extra_headers=headers)
    jobs = client.list(limit=250).jobs
    assert len(jobs) == before + 1
    assert raised.value.response.headers["X-Should-Retry"] == str(retried).lower()
    assert raised.value.request_id == jobs[0].id
    assert jobs[0].id in raised.value.message
    assert jobs[0].status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_in_the_clients_own_exception_and_makes_no_job(
    ai: OpenAI, client: Client, name: str
) -> None:
    ask, kind, param = WRONG[name]
    before = [job.id for job in client.list().jobs]
    with pytest.raises(kind) as raised:
        ask(ai)
    assert raised.value.param == param
    assert raised.value.type == "invalid_request_error"
    assert [job.id for job in client.list().jobs] == before


def test_an_unknown_model_is_told_which_there_are(ai: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="sdxl, sdxl-base, sdxl-refiner, stable-unclip") as raised:
        ai.images.generate(prompt=PROMPT, model="gpt-image-2")
    assert raised.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ("InputUndecodable", openai.UnprocessableEntityError, "input_undecodable"),
        ("DoesNotFit", openai.InternalServerError, "out_of_memory"),
    ],
)
def test_a_job_that_fails_fails_the_call_and_is_not_drawn_again(
    url: str, client: Client, error: str, kind: type[openai.APIStatusError], code: str
) -> None:
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=2) as ai, pytest.raises(kind) as raised:
        ai.images.generate(prompt=PROMPT, user=error, extra_body={"metadata": {"raise": error}})
    assert raised.value.code == code
    assert [job.id for job in named(client, error)] == [raised.value.request_id]


def test_a_full_queue_tells_when_to_come_again_and_keeps_nothing_of_the_call(
    settings: Settings, store: S3Store
) -> None:
    full = settings.model_copy(update={"max_live_jobs": 1})
    with (
        served(full) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as ai,
        ai.images.generate(prompt=PROMPT, stream=True, extra_body={"metadata": LONG}),
    ):
        kept = set(store.under("inputs/"))
        with pytest.raises(openai.InternalServerError) as raised:
            ai.images.create_variation(image=PICTURE)
        assert set(store.under("inputs/")) == kept
    assert (raised.value.status_code, raised.value.code) == (503, "queue_full")
    assert raised.value.response.headers["x-should-retry"] == "true"
