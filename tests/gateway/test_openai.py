"""OpenAI's Images API, asked by OpenAI's own client."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest
import redis
from openai import AsyncOpenAI, OpenAI

from latentrelay import Job, JobStatus, RefineMode, StageName
from latentrelay.client import Client
from latentrelay.contracts import (
    Continue,
    ImageFormat,
    Priority,
    Refine,
    Refinement,
    Scheduler,
    TextToImage,
    Variation,
)
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.conftest import connected
from tests.gateway.serving import served
from tests.processes import WorkerProcesses, until

PROMPT = "a lighthouse"
PICTURE = ("picture.png", b"echo reads no pixels", "image/png")
LONG = {"metadata": {"steps": "1000", "step_seconds": "0.1"}}


@pytest.fixture(scope="module")
def settings(valkey: Valkey, seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Of a stack with an echo worker of each stage."""
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    settings = connected(valkey, seaweed)
    S3Store.connect(settings).ensure_bucket()
    processes = WorkerProcesses(settings, tmp_path_factory.mktemp("workers"))
    for stage in StageName:
        processes.start("tests.echo.worker", stage, ECHO_STAGE=stage)
    yield settings
    processes.kill()


@pytest.fixture(scope="module")
def store(settings: Settings) -> S3Store:
    return S3Store.connect(settings)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Client]:
    client = Client.connect(settings)
    yield client
    client.close()


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with served(settings) as url:
        yield url


@pytest.fixture(scope="module")
def ai(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as ai:
        yield ai


def newest(client: Client) -> Job:
    return client.list(limit=1).jobs[0]


def jobs(client: Client) -> int:
    return len(client.list(limit=250).jobs)


def test_images_come_as_links_that_anybody_may_follow(ai: OpenAI, client: Client) -> None:
    answer = ai.images.generate(prompt=PROMPT, n=2)
    job = newest(client)
    assert answer._request_id == job.id
    assert answer.created == int(job.created_at.timestamp())
    files = [httpx2.get(str(image.url)).content for image in answer.data or ()]
    assert files == [client.download(job.id, 0), client.download(job.id, 1)]
    assert all("X-Amz-Expires=3600" in str(image.url) for image in answer.data or ())


def test_images_come_as_base64(ai: OpenAI, client: Client) -> None:
    answer = ai.images.generate(prompt=PROMPT, response_format="b64_json", n=2, extra_body={"seed": 7})
    assert answer.data
    assert [base64.b64decode(image.b64_json or "") for image in answer.data] == [
        client.download(str(answer._request_id), index) for index in range(2)
    ]


def test_what_openai_calls_something_else_becomes_ours(ai: OpenAI, client: Client) -> None:
    answer = ai.images.generate(
        prompt=PROMPT,
        model="sdxl",
        n=2,
        size="768x512",
        quality="high",
        output_format="webp",
        output_compression=60,
        background="opaque",
        moderation="low",
        user="somebody",
    )
    asked = newest(client).request
    assert isinstance(asked, TextToImage)
    assert (asked.num_images_per_prompt, asked.width, asked.height) == (2, 768, 512)
    assert (asked.num_inference_steps, asked.output.format, asked.output.quality) == (50, ImageFormat.WEBP, 60)
    assert asked.client_reference == "somebody"
    assert (answer.output_format, answer.quality, answer.background) == ("webp", "high", "opaque")


def test_our_own_fields_stand_beside_them_and_have_the_last_word(ai: OpenAI, client: Client) -> None:
    ai.images.generate(
        prompt=PROMPT,
        quality="low",
        user="somebody",
        extra_body={
            "seed": 7,
            "num_inference_steps": 12,
            "negative_prompt": "fog",
            "guidance_scale": 4.5,
            "scheduler": "ddim",
            "refine": {"switch_at": 0.7},
            "priority": "interactive",
            "output": {"embed_parameters": False},
            "client_reference": "mine",
        },
    )
    asked = newest(client).request
    assert isinstance(asked, TextToImage)
    assert (asked.seed, asked.num_inference_steps, asked.negative_prompt) == (7, 12, "fog")
    assert (asked.guidance_scale, asked.scheduler) == (4.5, Scheduler.DDIM)
    assert asked.refine == Refine(switch_at=0.7)
    assert (asked.priority, asked.output.embed_parameters) == (Priority.INTERACTIVE, False)
    assert asked.client_reference == "mine"


def test_what_is_not_said_is_left_to_our_own_defaults(ai: OpenAI, client: Client) -> None:
    ai.images.generate(prompt=PROMPT, size="auto", quality="auto", n=None, user="", extra_body={"seed": 1})
    assert newest(client).request == TextToImage(prompt=PROMPT, seed=1)


@pytest.mark.parametrize(
    ("model", "mode"), [("sdxl", RefineMode.ENSEMBLE), ("sdxl-base", RefineMode.NONE), (None, RefineMode.ENSEMBLE)]
)
def test_the_model_says_whether_the_base_is_refined(
    ai: OpenAI, client: Client, model: str | None, mode: RefineMode
) -> None:
    ai.images.generate(prompt=PROMPT, model=model)
    asked = newest(client).request
    assert isinstance(asked, TextToImage)
    assert asked.refine.mode is mode


def test_an_image_is_varied(ai: OpenAI, client: Client) -> None:
    answer = ai.images.create_variation(
        image=PICTURE,
        model="stable-unclip",
        n=2,
        size="512x512",
        response_format="b64_json",
        user="42",
        extra_body={"seed": 7, "guidance_scale": 4.5, "noise_level": 3, "prompt": "123", "metadata": {"steps": "1"}},
    )
    job = newest(client)
    asked = job.request
    assert isinstance(asked, Variation)
    assert (asked.num_images_per_prompt, asked.width, asked.height, asked.seed) == (2, 512, 512, 7)
    assert (asked.guidance_scale, asked.noise_level, asked.prompt) == (4.5, 3, "123")
    assert (asked.metadata, asked.client_reference) == ({"steps": "1"}, "42")
    assert client._store.get(job.inputs[0]) == PICTURE[1]
    assert [base64.b64decode(image.b64_json or "") for image in answer.data or ()] == [
        client.download(job.id, index) for index in range(2)
    ]


def test_an_image_is_edited_by_refining_it(ai: OpenAI, client: Client) -> None:
    ai.images.edit(
        image=[PICTURE],
        prompt=PROMPT,
        extra_body={"strength": 0.5, "seed": 7, "refine": {"aesthetic_score": 7.5}, "original_size": [512, 768]},
    )
    asked = newest(client).request
    assert isinstance(asked, Refinement)
    assert asked.refine == Continue(strength=0.5, aesthetic_score=7.5)
    assert (asked.seed, asked.original_size, asked.prompt) == (7, (512, 768), PROMPT)


def test_a_field_of_a_form_may_be_json(ai: OpenAI, client: Client) -> None:
    ai.images.edit(
        image=PICTURE, prompt=PROMPT, extra_body={"refine": '{"strength": 0.5}', "output": '{"quality": 50}'}
    )
    asked = newest(client).request
    assert isinstance(asked, Refinement)
    assert (asked.refine.strength, asked.output.quality) == (0.5, 50)


Ask = Callable[[OpenAI], object]
WRONG: dict[str, tuple[Ask, type[openai.APIStatusError], str | None]] = {
    "no prompt": (lambda ai: ai.images.generate(prompt=""), openai.BadRequestError, "prompt"),
    "too many": (lambda ai: ai.images.generate(prompt=PROMPT, n=9), openai.BadRequestError, "n"),
    "no size": (lambda ai: ai.images.generate(prompt=PROMPT, size="large"), openai.BadRequestError, "size"),
    "odd size": (lambda ai: ai.images.generate(prompt=PROMPT, size="1000x1001"), openai.BadRequestError, "size"),
    "large size": (
        lambda ai: ai.images.generate(prompt=PROMPT, size="2048x2048"),
        openai.UnprocessableEntityError,
        "size",
    ),
    "unknown model": (lambda ai: ai.images.generate(prompt=PROMPT, model="dall-e-3"), openai.NotFoundError, "model"),
    "other model": (
        lambda ai: ai.images.generate(prompt=PROMPT, model="stable-unclip"),
        openai.BadRequestError,
        "model",
    ),
    "transparent": (
        lambda ai: ai.images.generate(prompt=PROMPT, background="transparent"),
        openai.BadRequestError,
        "background",
    ),
    "unknown field": (
        lambda ai: ai.images.generate(prompt=PROMPT, style="vivid"),
        openai.BadRequestError,
        "style",
    ),
    "wrong field of ours": (
        lambda ai: ai.images.generate(prompt=PROMPT, extra_body={"refine": {"switch_at": 2}}),
        openai.BadRequestError,
        "refine.switch_at",
    ),
    "contradiction": (
        lambda ai: ai.images.generate(prompt=PROMPT, partial_images=2),
        openai.UnprocessableEntityError,
        "partial_images",
    ),
    "links in a stream": (
        lambda ai: ai.images.generate(prompt=PROMPT, stream=True, response_format="url"),
        openai.UnprocessableEntityError,
        "response_format",
    ),
    "kind": (
        lambda ai: ai.images.generate(prompt=PROMPT, extra_body={"kind": "variation"}),
        openai.BadRequestError,
        "kind",
    ),
    "no image": (lambda ai: ai.images.create_variation(image=b""), openai.BadRequestError, "image"),
    "image of a job": (
        lambda ai: ai.images.create_variation(image=PICTURE, extra_body={"latents": {"job_id": "a"}}),
        openai.BadRequestError,
        "latents",
    ),
    "two images": (
        lambda ai: ai.images.edit(image=[PICTURE, PICTURE], prompt=PROMPT),
        openai.BadRequestError,
        "image",
    ),
    "mask": (lambda ai: ai.images.edit(image=PICTURE, mask=PICTURE, prompt=PROMPT), openai.BadRequestError, "mask"),
    "markup": (
        lambda ai: ai.images.edit(image=PICTURE, markup=PICTURE, prompt=PROMPT),
        openai.BadRequestError,
        "markup",
    ),
    "two edits": (lambda ai: ai.images.edit(image=PICTURE, prompt=PROMPT, n=2), openai.BadRequestError, "n"),
    "size of an edit": (
        lambda ai: ai.images.edit(image=PICTURE, prompt=PROMPT, size="512x512"),
        openai.BadRequestError,
        "size",
    ),
    "strength": (
        lambda ai: ai.images.edit(image=PICTURE, prompt=PROMPT, extra_body={"strength": 2}),
        openai.BadRequestError,
        "strength",
    ),
    "no number": (
        lambda ai: ai.images.edit(image=PICTURE, prompt=PROMPT, extra_body={"seed": "NaN"}),
        openai.BadRequestError,
        "seed",
    ),
    "two keys in one": (
        lambda ai: ai.images.edit(image=PICTURE, prompt=PROMPT, extra_body={"seed": '1, "n": 1'}),
        openai.BadRequestError,
        "seed",
    ),
    "told twice": (
        lambda ai: ai.images.edit(image=PICTURE, prompt=PROMPT, extra_body={"refine[mode]": "img2img", "refine": "{}"}),
        openai.BadRequestError,
        "refine",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_in_the_clients_own_exception_and_makes_no_job(
    ai: OpenAI, client: Client, name: str
) -> None:
    ask, kind, param = WRONG[name]
    before = jobs(client)
    with pytest.raises(kind) as raised:
        ask(ai)
    assert raised.value.param == param
    assert raised.value.type == "invalid_request_error"
    assert jobs(client) == before


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
    before = jobs(client)
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=2) as ai, pytest.raises(kind) as raised:
        ai.images.generate(prompt=PROMPT, extra_body={"metadata": {"raise": error}})
    assert raised.value.code == code
    assert raised.value.request_id == newest(client).id
    assert jobs(client) == before + 1


def test_a_full_queue_tells_when_to_come_again_and_keeps_nothing_of_the_call(
    settings: Settings, store: S3Store
) -> None:
    full = settings.model_copy(update={"max_live_jobs": 1})
    with (
        served(full) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as ai,
        ai.images.generate(prompt=PROMPT, stream=True, extra_body=LONG),
    ):
        kept = set(store.under("inputs/"))
        with pytest.raises(openai.InternalServerError) as raised:
            ai.images.create_variation(image=PICTURE)
        assert set(store.under("inputs/")) == kept
    assert (raised.value.status_code, raised.value.code) == (503, "queue_full")
    assert raised.value.response.headers["x-should-retry"] == "true"


def test_pictures_of_what_is_drawn_come_before_the_images(ai: OpenAI, client: Client) -> None:
    told = {"metadata": {"steps": "12", "preview_steps": "1", "step_seconds": "0.05"}}
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
        ai.images.generate(prompt=PROMPT, extra_body=LONG, timeout=1)
    until(lambda: newest(client).status is JobStatus.CANCELED, "the job is canceled")


def test_a_reader_that_leaves_its_stream_takes_its_job_with_it(ai: OpenAI, client: Client) -> None:
    told = {"metadata": {**LONG["metadata"], "preview_steps": "1"}}
    with ai.images.generate(
        prompt=PROMPT, model="sdxl-base", stream=True, partial_images=3, extra_body=told | {"num_inference_steps": 2}
    ):
        job = newest(client)
        assert not job.status.is_terminal
    until(lambda: client.get(job.id).status is JobStatus.CANCELED, "the job is canceled")


def test_a_job_with_a_key_outlives_its_client_and_is_asked_for_again(ai: OpenAI, client: Client) -> None:
    told: dict[str, Any] = {
        "prompt": PROMPT,
        "model": "sdxl-base",
        "extra_body": {"metadata": {"steps": "30", "step_seconds": "0.1"}},
        "extra_headers": {"Idempotency-Key": "once"},
    }
    with pytest.raises(openai.APITimeoutError):
        ai.images.generate(**told, timeout=1)
    job = newest(client)
    answer = ai.images.generate(**told)
    assert answer._request_id == job.id


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
        ai.images.generate(prompt=PROMPT, extra_body=LONG)
    job = newest(client)
    assert (raised.value.status_code, raised.value.code, raised.value.request_id) == (504, "not_ended", job.id)
    assert job.id in raised.value.message
    assert job.status in (JobStatus.QUEUED, JobStatus.RUNNING)
    client.cancel(job.id)


def test_the_models_are_listed_and_told(ai: OpenAI) -> None:
    listed = ai.models.list().data
    assert [model.id for model in listed] == ["sdxl", "sdxl-base", "sdxl-refiner", "stable-unclip"]
    assert ai.models.retrieve("sdxl") == listed[0]
    with pytest.raises(openai.NotFoundError):
        ai.models.retrieve("gpt-4")


def test_the_async_client_works_as_well(url: str, client: Client) -> None:
    async def ask() -> tuple[list[str], list[str]]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as ai:
            stream = await ai.images.generate(prompt=PROMPT, stream=True)
            kinds = [event.type async for event in stream]
            calls = (
                ai.images.generate(prompt=PROMPT),
                ai.images.create_variation(image=PICTURE),
                ai.images.edit(image=PICTURE, prompt=PROMPT),
            )
            return kinds, [str(answer._request_id) for answer in await asyncio.gather(*calls)]

    kinds, made = asyncio.run(ask())
    assert kinds == ["image_generation.completed"]
    assert all(client.get(job_id).status is JobStatus.SUCCEEDED for job_id in made)
