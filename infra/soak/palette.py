"""The pictures that a soak asks for. Each is the same to the byte whenever and wherever it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from latentrelay import (
    Continue,
    ImageFormat,
    ImageSource,
    JobImage,
    Output,
    Refine,
    Refinement,
    RefineMode,
    RelayOutput,
    Scheduler,
    TextToImage,
    Variation,
)
from latentrelay.contracts import JobRequest

RELAY = "relay"
"""The picture whose latents and image others begin with."""

NONE = Refine(mode=RefineMode.NONE)
IMG2IMG = Refine(mode=RefineMode.IMG2IMG, strength=0.5, num_inference_steps=6)
OUTPUT = Output(embed_parameters=False)  # they name the job: no two files would be alike


@dataclass(frozen=True)
class Given:
    """What pictures are made from."""

    upload_id: str
    data_uri: str
    relay_id: str
    """A job that drew `RELAY`."""


def text(seed: int, **fields: Any) -> TextToImage:
    """A small picture of a few steps."""
    output = RelayOutput(embed_parameters=False, **fields.pop("output", {}))
    asked = {"width": 64, "height": 64, "num_inference_steps": 8} | fields
    return TextToImage(prompt="a lighthouse", seed=seed, output=output, **asked)


def varied(image: ImageSource, seed: int, **fields: Any) -> Variation:
    """A small variation of a few steps."""
    asked = {"width": 64, "height": 64, "num_inference_steps": 5} | fields
    return Variation(image=image, seed=seed, output=OUTPUT, **asked)


def _of_relay(given: Given) -> ImageSource:
    return ImageSource(job=JobImage(job_id=given.relay_id))


PICTURES: Mapping[str, Callable[[Given], JobRequest]] = {
    RELAY: lambda _: text(100),
    "base": lambda _: text(200, refine=NONE),
    "base karras": lambda _: text(300, refine=NONE, scheduler=Scheduler.DPMPP_2M_KARRAS),
    "base long": lambda _: text(400, refine=NONE, num_inference_steps=40),
    "base jpegs": lambda _: text(
        500, refine=NONE, num_images_per_prompt=3, num_inference_steps=4, output={"format": ImageFormat.JPEG}
    ),
    "relay ancestral": lambda _: text(600, scheduler=Scheduler.EULER_ANCESTRAL),
    "relay of two": lambda _: text(700, num_images_per_prompt=2),
    "relay with base": lambda _: text(800, output={"keep_base": True}),
    "relay long": lambda _: text(900, num_inference_steps=40, refine=Refine(switch_at=0.5)),
    "img2img": lambda _: text(1000, refine=IMG2IMG),
    "img2img of two": lambda _: text(1100, refine=IMG2IMG, num_images_per_prompt=2, num_inference_steps=4),
    "refined image": lambda given: Refinement(
        prompt="a lighthouse",
        image=ImageSource(upload_id=given.upload_id),
        seed=1200,
        refine=Continue(strength=0.5, num_inference_steps=6),
        output=OUTPUT,
    ),
    "refined latents": lambda given: Refinement(
        prompt="a lighthouse", latents=JobImage(job_id=given.relay_id), seed=100, output=OUTPUT
    ),
    "varied": lambda given: varied(ImageSource(upload_id=given.upload_id), 1300, num_images_per_prompt=2),
    "varied data": lambda given: varied(ImageSource(data_uri=given.data_uri), 1400),
    "varied relay": lambda given: varied(_of_relay(given), 1500, prompt="at night"),
}
