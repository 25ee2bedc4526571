"""What may be asked: ranges, defaults, and errors that name the field, its range and what came."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentrelay import ImageSource, InvalidRequest, Refine, Refinement, TextToImage, Variation, parse_request
from latentrelay.contracts import MAX_PIXELS, SEEDS, check_submission

TEXT: dict[str, Any] = {"kind": "text_to_image", "prompt": "a lighthouse"}
VARIATION: dict[str, Any] = {"kind": "variation", "image": {"upload_id": "u1"}}
REFINEMENT: dict[str, Any] = {"kind": "refinement", "image": {"upload_id": "u1"}, "prompt": "a lighthouse"}

OUT_OF_RANGE = [
    (TEXT, {"prompt": ""}, "prompt: must be text from 1 to 2000 characters, got 0 characters"),
    (TEXT, {"prompt": "x" * 2001}, "prompt: must be text from 1 to 2000 characters, got 2001 characters"),
    (TEXT, {"negative_prompt": "x" * 2001}, "negative_prompt: must be text of at most 2000 characters"),
    (TEXT, {"width": 63}, "width: must be an integer from 64 to 2048, a multiple of 8, got 63"),
    (TEXT, {"width": 68}, "width: must be an integer from 64 to 2048, a multiple of 8, got 68"),
    (TEXT, {"height": 2056}, "height: must be an integer from 64 to 2048, a multiple of 8, got 2056"),
    (TEXT, {"height": 512.5}, "height: must be an integer"),
    (TEXT, {"width": 2048, "height": 2048}, "width: makes too many pixels with height: 4194304, at most 4000000"),
    (TEXT, {"num_images_per_prompt": 9}, "num_images_per_prompt: must be an integer from 1 to 8, got 9"),
    (TEXT, {"seed": 2**53}, "seed: must be an integer from 0 to 9007199254740991, got 9007199254740992"),
    (TEXT, {"seed": -1}, "seed: must be an integer from 0 to 9007199254740991, got -1"),
    (TEXT, {"num_inference_steps": 0}, "num_inference_steps: must be an integer from 1 to 150, got 0"),
    (TEXT, {"guidance_scale": 30.5}, "guidance_scale: must be a number from 0 to 30, got 30.5"),
    (TEXT, {"guidance_scale": float("nan")}, "guidance_scale: must be a number from 0 to 30, got nan"),
    (TEXT, {"guidance_rescale": 1.1}, "guidance_rescale: must be a number from 0 to 1, got 1.1"),
    (TEXT, {"scheduler": "lms"}, "scheduler: must be one of euler, euler_ancestral, ddim, dpmpp_2m, "),
    (TEXT, {"original_size": [1, -1]}, "original_size.1: must be an integer from 0 to 16384, got -1"),
    (TEXT, {"refine": {"mode": "both"}}, "refine.mode: must be one of none, ensemble, img2img, got 'both'"),
    (TEXT, {"refine": {"switch_at": 1}}, "refine.switch_at: must be a number from 0.05 to 0.95, got 1"),
    (TEXT, {"refine": {"mode": "img2img", "strength": 2}}, "refine.strength: must be a number from 0 to 1, got 2"),
    (TEXT, {"refine": {"mode": "img2img", "strength": 0}}, "refine: strength 0.0 of num_inference_steps 50 runs no"),
    (TEXT, {"refine": {"strength": 0.5}}, "refine: strength has no effect with mode ensemble"),
    (TEXT, {"refine": {"mode": "img2img", "switch_at": 0.5}}, "refine: switch_at has no effect with mode img2img"),
    (TEXT, {"refine": {"mode": "none", "guidance_scale": 3}}, "refine: guidance_scale has no effect with mode none"),
    (TEXT, {"output": {"format": "gif"}}, "output.format: must be one of png, jpeg, webp, got 'gif'"),
    (TEXT, {"output": {"quality": 0}}, "output.quality: must be an integer from 1 to 100, got 0"),
    (TEXT, {"metadata": {"a": "x" * 513}}, "metadata.a: must be text of at most 512 characters, got 'xxx"),
    (TEXT, {"metadata": {str(n): "x" for n in range(17)}}, "metadata: must be an object of at most 16 entries"),
    (TEXT, {"metadata": {"x" * 65: "a"}}, "metadata."),
    (TEXT, {"seed": True}, "seed: must be an integer from 0 to 9007199254740991, got True"),
    (TEXT, {"seed": "7"}, "seed: must be an integer from 0 to 9007199254740991, got '7'"),
    (TEXT, {"seed": 10**5000}, "seed: must be an integer from 0 to 9007199254740991, got an integer of 16610 bits"),
    (TEXT, {"guidance_scale": True}, "guidance_scale: must be a number from 0 to 30, got True"),
    (TEXT, {"output": {"keep_base": "no"}}, "output.keep_base: must be true or false, got 'no'"),
    (TEXT, {"original_size": [1]}, "original_size.1: is required"),
    (TEXT, {"priority": "urgent"}, "priority: must be one of interactive, standard, batch, got 'urgent'"),
    (TEXT, {"deadline": "2026-01-01T00:00:00"}, "deadline: "),
    (TEXT, {"webhook": {"events": ["succeeded"]}}, "webhook: needs exactly one of endpoint_id, url"),
    (TEXT, {"lora": "x"}, "lora: is not a field of this request"),
    (VARIATION, {"noise_level": 1000}, "noise_level: must be an integer from 0 to 999, got 1000"),
    (VARIATION, {"image": {}}, "image: needs exactly one of upload_id, url, job, data_uri; got none"),
    (VARIATION, {"image": {"upload_id": "a", "url": "https://x"}}, "image: needs exactly one of"),
    (VARIATION, {"image": {"upload_id": "../etc/passwd"}}, "image.upload_id: must be text"),
    (VARIATION, {"output": {"keep_base": True}}, "output.keep_base: is not a field of this request"),
    (REFINEMENT, {"latents": {"job_id": "j"}}, "image: needs exactly one of image, latents"),
    (REFINEMENT, {"refine": {"mode": "none"}}, "refine.mode: must be one of ensemble, img2img, got 'none'"),
    (REFINEMENT, {"refine": {"mode": "ensemble"}}, "refine.mode: ensemble continues latents"),
    (REFINEMENT, {"refine": {"aesthetic_score": 11}}, "refine.aesthetic_score: must be a number from 0 to 10, got 11"),
]


@pytest.mark.parametrize(("request_", "change", "message"), OUT_OF_RANGE)
def test_a_field_out_of_range_is_named_with_its_range_and_what_came(
    request_: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse_request({**request_, **change})
    assert str(raised.value).startswith(message)


def test_every_wrong_field_is_named_at_once_by_its_pointer() -> None:
    with pytest.raises(InvalidRequest) as raised:
        TextToImage(prompt="x", width=1, refine={"switch_at": 3})  # type: ignore[arg-type]  # wrong on purpose
    assert [problem.pointer for problem in raised.value.problems] == ["/width", "/refine/switch_at"]


@pytest.mark.parametrize("data", [None, [], "text", {}, {"kind": "video"}, {"kind": ["x"]}])
def test_what_is_no_request_at_all_is_refused_by_its_kind(data: object) -> None:
    with pytest.raises(InvalidRequest, match="kind: must be one of text_to_image, variation, refinement"):
        parse_request(data)


@given(st.text(min_size=2001, max_size=2100))
def test_no_error_repeats_a_prompt(prompt: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        TextToImage(prompt=prompt)
    assert prompt[:50] not in str(raised.value)


@pytest.mark.parametrize(
    ("request_", "change"),
    [
        (VARIATION, {"image": "https://user:SECRET@host/x.png?sig=SECRET"}),
        (TEXT, {"webhook": "https://host/?token=SECRET"}),
        (TEXT, {"refine": "SECRET negative prompt"}),
        (TEXT, {"prompt": ["SECRET"]}),
        (TEXT, {"output": {"x" * 50 + "SECRET": 1}}),
        (VARIATION, {"image": {"url": ["SECRET"]}}),
    ],
)
def test_no_error_repeats_what_may_be_private_even_in_the_wrong_place(
    request_: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse_request({**request_, **change})
    assert "SECRET" not in str(raised.value)


def test_parts_of_a_request_are_explained_alike_when_they_are_made_alone() -> None:
    with pytest.raises(InvalidRequest, match="strength: must be a number from 0 to 1, got 2"):
        Refine(mode="img2img", strength=2)  # type: ignore[arg-type]  # pydantic takes text
    with pytest.raises(InvalidRequest, match="needs exactly one of"):
        ImageSource()


def test_pointers_are_escaped_as_rfc_6901_says() -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse_request({**TEXT, "metadata": {"a/b~": 1}})
    assert raised.value.problems[0].pointer == "/metadata/a~1b~0"


def test_no_representation_shows_a_prompt_a_url_or_pixels() -> None:
    text = TextToImage(prompt="SECRET", negative_prompt="SECRET", refine={"negative_prompt": "SECRET"})  # type: ignore[arg-type]  # pydantic takes a dict
    image = Variation(image={"url": "https://SECRET"})  # type: ignore[arg-type]  # as above
    assert "SECRET" not in repr(text) + str(text) + repr(image)


@pytest.mark.parametrize("kind", [TEXT, VARIATION, REFINEMENT])
def test_a_request_survives_the_wire(kind: dict[str, Any]) -> None:
    asked = parse_request(kind).with_seed()
    assert parse_request(json.loads(asked.model_dump_json())) == asked


def test_the_defaults_are_those_of_the_contract() -> None:
    text, variation = TextToImage(prompt="x"), parse_request(VARIATION)
    assert (text.num_inference_steps, text.guidance_scale, text.scheduler) == (30, 5.0, "euler")
    assert (text.refine.mode, text.refine.switch_at, text.refine.strength) == ("ensemble", 0.8, 0.3)
    assert (text.refine.num_inference_steps, text.refine.aesthetic_score) == (50, 6.0)
    assert (text.output.format, text.output.quality, text.output.keep_base) == ("png", 95, False)
    assert (variation.num_inference_steps, variation.guidance_scale, variation.scheduler) == (20, 10.0, None)
    assert text.negative_prompt is None


def test_seeds_are_drawn_from_far_more_than_16_bits() -> None:
    seeds = [TextToImage(prompt="x").with_seed().seed or 0 for _ in range(64)]
    assert len(set(seeds)) == 64
    assert max(seeds) > 2**48


def test_image_i_has_seed_plus_i_and_stays_in_range() -> None:
    assert TextToImage(prompt="x", seed=5).seed_of(2) == 7
    assert TextToImage(prompt="x", seed=SEEDS - 1).seed_of(1) == 0


def test_a_given_seed_is_kept() -> None:
    assert TextToImage(prompt="x", seed=0).with_seed().seed == 0


def test_a_deadline_that_has_passed_is_refused() -> None:
    now = datetime.now(UTC)
    check_submission(TextToImage(prompt="x", deadline=now + timedelta(seconds=1)), now)
    with pytest.raises(InvalidRequest, match="deadline: must be in the future"):
        check_submission(TextToImage(prompt="x", deadline=now), now)


def test_a_single_step_is_a_request_that_is_refused_at_submission_where_base_and_refiner_share_it() -> None:
    now = datetime.now(UTC)
    single = parse_request({**TEXT, "num_inference_steps": 1})  # as a record of old may hold it
    with pytest.raises(InvalidRequest, match="num_inference_steps: must be at least 2"):
        check_submission(single, now)
    check_submission(parse_request({**TEXT, "num_inference_steps": 2}), now)
    check_submission(parse_request({**TEXT, "num_inference_steps": 1, "refine": {"mode": "none"}}), now)


def test_the_largest_picture_is_allowed() -> None:
    assert MAX_PIXELS >= 2048 * 1952
    TextToImage(prompt="x", width=2048, height=1952)


def test_a_refinement_of_latents_says_its_mode_or_leaves_it_to_them() -> None:
    assert parse_request({**REFINEMENT, "image": None, "latents": {"job_id": "j"}}).kind == "refinement"
    kept = Refinement(prompt="x", latents={"job_id": "j"}, refine={"mode": "ensemble", "switch_at": 0.8})  # type: ignore[arg-type]  # pydantic takes dicts
    assert kept.refine.switch_at == 0.8
