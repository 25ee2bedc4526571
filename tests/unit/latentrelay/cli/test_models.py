"""Which models a stack runs: the miniatures only where nobody named any, and never on servers that others share."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from latentrelay import StageName
from latentrelay.cli import main
from latentrelay.cli.models import (
    MINIATURES,
    are_named,
    folder_of_models,
    miniatures_here,
    told_of_models,
    with_models_of,
)
from latentrelay.settings import Settings

SMALL, OWN = Path("/clone/trained"), Path("/own")
NAMES = ["sdxl_base", "sdxl_refiner", "unclip"]
SERVERS = {"redis_url": "redis://shared:6379", "s3_endpoint": "http://shared:9000"}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in [name for name in os.environ if name.startswith("LATENTRELAY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone in the working folder, with miniatures whose weights nobody reads."""
    worker = tmp_path / "services" / "sdxl_base" / "worker.py"
    for folder in (worker.parent, *(tmp_path / MINIATURES / name for name in NAMES)):
        folder.mkdir(parents=True)
    worker.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_where_nobody_named_a_model_the_miniatures_are_taken_if_they_are_there():
    assert folder_of_models(Settings(device="cpu"), None, SMALL) == SMALL
    assert folder_of_models(Settings(), None, None) is None


@pytest.mark.parametrize(
    "name", [*(f"{name}_model" for name in NAMES), *(f"{name}_revision" for name in NAMES), "model_variant"]
)
def test_one_name_in_the_environment_is_enough_and_an_empty_one_names_nothing(name, monkeypatch):
    monkeypatch.setenv(f"LATENTRELAY_{name.upper()}", "x")
    assert folder_of_models(Settings(), None, SMALL) is None
    monkeypatch.setenv(f"LATENTRELAY_{name.upper()}", "")
    assert folder_of_models(Settings(), None, SMALL) == SMALL


def test_the_default_is_a_name_where_somebody_says_it():
    assert are_named(Settings(sdxl_base_model=Settings.model_fields["sdxl_base_model"].default))


def test_miniatures_are_never_put_on_servers_that_are_configured():
    assert folder_of_models(Settings(**SERVERS), None, SMALL) is None


def test_a_folder_that_is_given_goes_before_names_and_servers():
    assert folder_of_models(Settings(unclip_model="x", **SERVERS), OWN, SMALL) == OWN


def test_every_model_comes_from_its_place_in_the_folder_and_from_the_hub_without_one():
    settings = with_models_of(Settings(), OWN)
    models = [settings.sdxl_base_model, settings.sdxl_refiner_model, settings.unclip_model]
    assert models == ["/own/sdxl_base", "/own/sdxl_refiner", "/own/unclip"]
    assert with_models_of(Settings(), None) == Settings()


def test_one_line_tells_which_models_run_and_of_miniatures_how_to_name_others():
    told = told_of_models(with_models_of(Settings(), SMALL), StageName, miniature=True)
    assert "LATENTRELAY_SDXL_BASE_MODEL, LATENTRELAY_SDXL_REFINER_MODEL, LATENTRELAY_UNCLIP_MODEL, or --models" in told
    named = told_of_models(Settings(unclip_model="me/mine"), [StageName.UNCLIP_VARIATION], miniature=False)
    assert named == "models: unclip_variation me/mine"


def test_the_miniatures_are_those_of_the_clone_if_none_of_them_lacks(clone):
    assert miniatures_here() == clone / MINIATURES
    (clone / MINIATURES / "unclip").rmdir()
    assert miniatures_here() is None


def test_doctor_looks_at_the_miniatures_where_nobody_named_a_model(clone):
    told = CliRunner().invoke(main, ["doctor", "--data", str(clone / "data")]).stdout
    for name in NAMES:
        assert f"{clone / MINIATURES / name} holds no model_index.json" in told
    named = CliRunner().invoke(main, ["doctor", "--data", str(clone / "data")], env={"LATENTRELAY_UNCLIP_MODEL": "a/b"})
    assert "a/b, fetched from the hub" in named.stdout
    assert str(MINIATURES) not in named.stdout
