"""The miniatures that lie in the clone: small, safe, whole, and told of by what was measured."""

import json

import pytest
import torch
from safetensors import safe_open

from infra.models.miniature.questions import questions
from infra.models.miniature.shipping import PAGE, TRAINED
from infra.models.miniature.studio import Studio
from latentrelay.cli.models import miniatures_here

MOST = 48_000_000  # bytes
FILES = [file for file in TRAINED.rglob("*") if file.is_file()]
INDEXES = sorted(TRAINED.glob("*/model_index.json"))


def test_up_finds_them() -> None:
    assert miniatures_here() == TRAINED


def test_all_together_they_are_small() -> None:
    assert sum(file.stat().st_size for file in FILES) <= MOST


def test_they_are_texts_and_half_precision_safetensors() -> None:
    assert {file.suffix for file in FILES} == {".safetensors", ".json", ".md"}
    for file in FILES:
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as weights:
                assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"F16"}  # noqa: SIM118  # no mapping


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: index.parent.name)
def test_every_part_that_a_folder_names_is_there(index) -> None:
    named = json.loads(index.read_text())
    parts = {name for name, value in named.items() if isinstance(value, list) and value[0]}
    assert parts == {folder.name for folder in index.parent.iterdir() if folder.is_dir()}


def test_a_prompt_and_its_drawing_are_more_alike_than_a_prompt_and_another_drawing() -> None:
    studio, asked = Studio(TRAINED), questions(12)
    meant, seen = studio.meant([each.prompt for each in asked]), studio.seen([each.picture for each in asked])
    alike = meant @ seen.T
    assert alike.diagonal().mean() > alike.mean() + 0.2
    assert (alike.argmax(dim=1) == torch.arange(len(asked))).sum() >= 9  # of twelve; some have much in common


def test_the_page_tells_what_was_measured() -> None:
    assert PAGE.read_text().count("| base and refiner: ") >= 2
