import click
import pytest

from latentrelay import Refinement, TextToImage, Variation
from latentrelay.cli.options import RequestCommand
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.contracts import JobImage, WebhookTarget


def parse(contract, *words, **more):
    """The request that a command line of options makes."""
    made = []
    command = RequestCommand(
        "ask",
        contract=contract,
        arguments=frozenset({"prompt", "image"} & set(more)),
        callback=lambda **_: made.append(command.request(click.get_current_context(), **more)),
    )
    command.main(list(words), standalone_mode=False)
    return made[0]


def text(*words):
    return parse(TextToImage, *words, prompt="a lighthouse")


def refused(contract, *words, **more):
    with pytest.raises(Ended) as told:
        parse(contract, *words, **more)
    assert told.value.code == USAGE
    return str(told.value).splitlines()


def test_no_options_make_the_contracts_own_defaults():
    assert text() == TextToImage(prompt="a lighthouse")


def test_options_of_every_shape_make_the_request_they_say():
    request = text(
        *("--num-inference-steps", "10", "--guidance-scale", "6", "--seed", "9007199254740991"),
        *("--scheduler", "dpmpp_2m_karras", "--negative-prompt", "", "--prompt-2", "42"),
        *("--refine-mode", "img2img", "--refine-strength", "0.5", "--refine-guidance-scale", "7.5"),
        *("--output-format", "webp", "--output-keep-base", "--no-output-embed-parameters"),
        *("--original-size", "1024x768", "--target-size", "512,256", "--crops-coords-top-left", "8", "16"),
        *("--metadata", "order=7", "--metadata", "note=a=b", "--client-reference", "x", "--priority", "batch"),
        *("--deadline", "2099-01-01T00:00:00Z", "--idempotency-key", "k"),
        *(
            "--webhook-url",
            "https://example.com/h",
            "--webhook-events",
            "succeeded,failed",
            "--webhook-events",
            "expired",
        ),
    )
    assert request == TextToImage.model_validate(
        {
            "prompt": "a lighthouse",
            "prompt_2": "42",
            "negative_prompt": "",
            "num_inference_steps": 10,
            "guidance_scale": 6.0,
            "seed": 9007199254740991,
            "scheduler": "dpmpp_2m_karras",
            "refine": {"mode": "img2img", "strength": 0.5, "guidance_scale": 7.5},
            "output": {"format": "webp", "keep_base": True, "embed_parameters": False},
            "original_size": (1024, 768),
            "target_size": (512, 256),
            "crops_coords_top_left": (8, 16),
            "metadata": {"order": "7", "note": "a=b"},
            "client_reference": "x",
            "priority": "batch",
            "deadline": "2099-01-01T00:00:00Z",
            "idempotency_key": "k",
            "webhook": {"url": "https://example.com/h", "events": ("succeeded", "failed", "expired")},
        }
    )


def test_a_nested_model_that_no_option_names_stays_absent():
    assert text("--seed", "1").webhook is None
    assert text("--webhook-endpoint-id", "e1").webhook == WebhookTarget(endpoint_id="e1")


def test_latents_are_named_by_job_and_index():
    assert parse(Refinement, "--latents", "abc:3", "--prompt", "p").latents == JobImage(job_id="abc", index=3)
    assert parse(Refinement, "--latents", "abc", "--prompt", "p").latents == JobImage(job_id="abc")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--num-inference-steps", "0"], "--num-inference-steps: must be an integer from 1 to 150, got 0"),
        (["--num-inference-steps", "ten"], "--num-inference-steps: must be an integer from 1 to 150, got 'ten'"),
        (["--num-inference-steps", "1.5"], "--num-inference-steps: must be an integer from 1 to 150, got 1.5"),
        (["--width", "100"], "--width: must be an integer from 64 to 2048, a multiple of 8, got 100"),
        (["--refine-switch-at", "2"], "--refine-switch-at: must be a number from 0.05 to 0.95, got 2"),
        (["--guidance-scale", "nan"], "--guidance-scale: must be a number from 0 to 30, got nan"),
        (["--refine-mode", "both"], "--refine-mode: must be one of none, ensemble, img2img, got 'both'"),
        (["--original-size", "wide"], "--original-size: must be 2 values, each an integer from 0 to 16384, got 'wide'"),
        (["--original-size", "99999x1"], "--original-size: must be an integer from 0 to 16384, got 99999"),
        (["--metadata", "novalue"], "--metadata: must be KEY=VALUE"),
        (["--webhook-events", "failed"], "--webhook-*: needs exactly one of endpoint_id, url"),
        (
            ["--webhook-events", "lost"],
            "--webhook-events: must be one of started, progress, succeeded, failed, canceled, expired, got 'lost'",
        ),
        (["--refine-mode", "none", "--refine-switch-at", "0.5"], "--refine-switch-at: has no effect with mode none"),
        (
            ["--deadline", "soon"],
            "--deadline: must be a time with its offset from UTC, like 2030-12-31T23:59:00Z, got 'soon'",
        ),
        (
            ["--width", "2048", "--height", "2048"],
            "--width: makes too many pixels with height: 4194304, at most 4000000 are allowed",
        ),
    ],
)
def test_a_wrong_value_is_told_by_its_option_its_range_and_what_came(words, line):
    assert refused(TextToImage, *words, prompt="p") == [line]


def test_every_problem_has_a_line_of_its_own():
    assert len(refused(TextToImage, "--seed", "-1", "--output-quality", "0", "--priority", "now", prompt="p")) == 3


def test_what_the_argument_stands_for_is_told_by_its_name():
    assert refused(TextToImage, prompt="") == ["PROMPT: must be text from 1 to 2000 characters, got 0 characters"]
    assert refused(Variation, image={"job": {"job_id": "a", "index": 9}}) == [
        "IMAGE: must be an integer from 0 to 7, got 9"
    ]


def test_a_wrong_prompt_is_not_repeated():
    (line,) = refused(TextToImage, "--negative-prompt", "secret" * 1000, prompt="p")
    assert "secret" not in line


def test_a_refinement_without_a_prompt_says_so():
    assert refused(Refinement, "--latents", "abc") == ["--prompt: is required"]
