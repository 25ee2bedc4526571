"""Who draws the demo, what is told of them, and that it runs on servers of its own."""

import os
from pathlib import Path

import pytest

from infra.demo.drawers import SMALL_MODELS, drawers
from infra.demo.stack import own_settings
from infra.models.miniature.scene import CHOICES
from latentrelay.settings import Settings

TRAINED = Path("/clone/trained")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in [name for name in os.environ if name.startswith("LATENTRELAY_")]:
        monkeypatch.delenv(name)


def test_miniatures_draw_a_scene_they_know_and_their_words_are_told():
    chosen = drawers(Settings(), TRAINED)
    told = "\n".join(chosen.told)
    assert chosen.folder == TRAINED
    assert chosen.prompt == "a large yellow star at the left, striped blue background"
    assert all(
        word in told for name in ("count", "size", "colour", "shape", "place", "texture") for word in CHOICES[name]
    )
    assert "PROMPT=" in told


def test_without_miniatures_small_models_draw_and_nobody_is_promised_sense():
    chosen = drawers(Settings(), None)
    assert chosen.folder == SMALL_MODELS
    assert "random weights" in chosen.told[0]


def test_named_models_draw_and_are_told():
    chosen = drawers(Settings(sdxl_base_model="me/mine"), TRAINED)
    assert chosen.folder is None
    assert "me/mine" in chosen.told[0]


@pytest.mark.parametrize("models", [{}, {"sdxl_base_model": "me/mine"}])
def test_the_prompt_that_steers_is_another_than_the_pictures(models):
    for miniatures in (TRAINED, None):
        chosen = drawers(Settings(**models), miniatures)
        assert chosen.steering != chosen.prompt


def test_the_demo_runs_on_servers_of_its_own_whatever_is_configured_and_keeps_the_rest(tmp_path, monkeypatch):
    servers = {"REDIS_URL": "redis://shared:6379", "S3_ENDPOINT": "http://shared:9000", "UNCLIP_MODEL": "me/mine"}
    for name, value in servers.items():
        monkeypatch.setenv(f"LATENTRELAY_{name}", value)
    settings = own_settings(tmp_path / "data")
    assert not settings.connected
    assert drawers(settings, TRAINED).folder is None
