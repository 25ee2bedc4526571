"""OpenAI's Images API, asked by OpenAI's own client: what is asked, and what comes."""

import asyncio
import base64

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from latentrelay import JobStatus, RefineMode
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
from tests.gateway.openai.asking import PICTURE, PROMPT, newest


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
