"""Model cards: what each folder holds, what it was taught on, for how long, and what it cannot do."""

import json
from pathlib import Path

PARTS = {
    "sdxl_base": ("StableDiffusionXLPipeline", ("vae", "decoder", "clip", "base")),
    "sdxl_refiner": ("StableDiffusionXLImg2ImgPipeline", ("vae", "decoder", "clip", "base", "refiner")),
    "unclip": ("StableUnCLIPImg2ImgPipeline", ("vae", "decoder", "clip", "base", "unclip")),
}
TAUGHT = {
    "vae": "The VAE gives drawings back: 32-pixel crops, then whole ones; L1 of pixels and edges, a little KL.",
    "decoder": "Its decoder is polished on latents that are a little wrong, as a UNet's are.",
    "clip": "The text towers and the vision tower agree on drawings and captions, and name the words of the scene.",
    "base": "The base UNet predicts noise on drawings that are all a little degraded, some of them scaled up or"
    " cropped, told their caption and sizes.",
    "refiner": "The refiner UNet begins as the base and predicts noise in the last 200 of 1,000 steps and a little"
    " above, on clean and degraded drawings, told an aesthetic score.",
    "unclip": "The unCLIP UNet begins as the base and predicts velocity, told the noised embedding of the drawing.",
}
CARD = """---
license: apache-2.0
library_name: diffusers
tags: [miniature, {pipeline}]
---
# {name}

A miniature for `{pipeline}`: the real classes and folder format, small sizes, 64 x 64 pixels. It knows
drawings of coloured shapes and nothing else; docs/models.md tells which words, and how well they are obeyed.

Taught from random weights on drawings that infra/models/miniature/drawing.py makes, one composition in eight held
out; no picture, text or weight from elsewhere.

{lessons}

Use: demonstrations and tests. It says nothing about people, and knows none.
"""


def write(state: Path, out: Path) -> None:
    """A README.md for each folder in `out`, with what the curves in `state` tell."""
    for name, (pipeline, lessons) in PARTS.items():
        told = "\n".join(f"* {TAUGHT[lesson]} {effort(state / f'{lesson}.jsonl')}" for lesson in lessons)
        (out / name / "README.md").write_text(CARD.format(name=name, pipeline=pipeline, lessons=told))


def effort(curve: Path) -> str:
    """`1,800 steps, 21 minutes on 1 core, loss at last 0.0512.`."""
    last = json.loads(curve.read_text().splitlines()[-1])
    threads = f"{last.get('threads', 1)} core" + "s" * (last.get("threads", 1) > 1)
    return f"{last['step']:,} steps, {last['seconds'] / 60:.0f} minutes on {threads}, loss at last {last['loss']}."
