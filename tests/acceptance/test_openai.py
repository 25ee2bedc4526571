"""OpenAI's own client, and images that are drawn: the gateway in front of three stage workers on small models."""

import base64
import io
from collections.abc import Iterator

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types import ImagesResponse
from PIL import Image

from tests.acceptance.stack import Stack
from tests.gateway.serving import served
from tests.processes import START_SECONDS

PROMPT = "a lighthouse on a cliff at dawn"


@pytest.fixture(scope="module")
def ai(stack: Stack) -> Iterator[OpenAI]:
    with (
        served(stack.settings) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=START_SECONDS) as ai,
    ):
        yield ai


def files(answer: ImagesResponse) -> list[bytes]:
    return [base64.b64decode(image.b64_json or "") for image in answer.data or ()]


def picture(file: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def test_a_newcomer_gets_an_image_its_variations_and_a_refined_one(ai: OpenAI) -> None:
    drawn = ai.images.generate(prompt=PROMPT, size="96x64", quality="low", extra_body={"seed": 7})
    assert drawn.data
    assert drawn.size == "96x64"
    file = httpx2.get(str(drawn.data[0].url)).content
    assert picture(file).size == (96, 64)

    varied = ai.images.create_variation(
        image=("drawn.png", file),
        n=2,
        size="64x64",
        response_format="b64_json",
        extra_body={"num_inference_steps": 3},
    )
    first, second = files(varied)
    assert picture(first).size == picture(second).size == (64, 64)
    assert first != second

    edited = ai.images.edit(
        image=("drawn.png", file), prompt=PROMPT, response_format="b64_json", extra_body={"strength": 0.5}
    )
    (refined,) = files(edited)
    assert picture(refined).size == (96, 64)
    assert picture(refined).tobytes() != picture(file).tobytes()


def test_the_same_seed_draws_the_same_picture_and_the_base_alone_another(ai: OpenAI) -> None:
    first, again, base = (
        picture(
            *files(
                ai.images.generate(
                    prompt=PROMPT,
                    model=model,
                    response_format="b64_json",
                    extra_body={"seed": 7, "num_inference_steps": 6},
                )
            )
        )
        for model in ("sdxl", "sdxl", "sdxl-base")
    )
    assert first.tobytes() == again.tobytes() != base.tobytes()


def test_the_format_is_the_one_that_was_asked_for(ai: OpenAI) -> None:
    answer = ai.images.generate(
        prompt=PROMPT, model="sdxl-base", output_format="webp", response_format="b64_json", quality="low"
    )
    assert [picture(file).format for file in files(answer)] == ["WEBP"]


def test_pictures_of_what_is_drawn_are_jpegs(ai: OpenAI) -> None:
    events = list(ai.images.generate(prompt=PROMPT, quality="high", stream=True, partial_images=2))
    *partial, last = (picture(base64.b64decode(event.b64_json)) for event in events)
    assert partial
    assert {image.format for image in partial} == {"JPEG"}
    assert last.format == "PNG"


def test_a_file_that_is_no_image_is_told_apart(ai: OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as raised:
        ai.images.create_variation(image=("notes.txt", b"no image at all"))
    assert raised.value.code == "input_undecodable"
