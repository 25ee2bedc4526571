"""How a stage worker is started: its command, its folder, its environment."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay.contracts import StageName
from latentrelay.embedded.stage_worker import services_folder, worker_command, worker_environment
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Dtype, Settings

CONNECTED = Settings(
    redis_url=SecretStr("redis://:secret@h/0"),
    s3_endpoint="http://h",
    s3_secret_key=SecretStr("s3secret"),
    dtype=Dtype.FLOAT32,
    allowed_hosts=frozenset({"b", "a"}),
    vae_tiling=True,
)


def test_the_command_names_stage_and_number_and_no_setting() -> None:
    command = worker_command(StageName.SDXL_REFINER, 2)
    assert command[1:6] == ["-m", "celery", "-A", "services.sdxl_refiner.worker", "worker"]
    assert command[-2:] == ["--hostname", "sdxl_refiner-2@%h"]


def test_a_worker_reads_back_the_very_settings_it_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = CONNECTED.model_copy(update={"data_dir": tmp_path})
    for name, value in worker_environment(settings, {}).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_what_settings_do_not_say_is_not_inherited_and_the_rest_is() -> None:
    environment = worker_environment(CONNECTED, {"PATH": "/bin", "LATENTRELAY_UNCLIP_REVISION": "old"})
    assert environment["PATH"] == "/bin"
    assert "LATENTRELAY_UNCLIP_REVISION" not in environment


def test_a_relative_model_folder_is_found_from_the_workers_folder_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "models" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    settings = CONNECTED.model_copy(update={"sdxl_base_model": "models/base", "unclip_model": "hub/name"})
    environment = worker_environment(settings, {})
    assert environment["LATENTRELAY_SDXL_BASE_MODEL"] == str(tmp_path / "models" / "base")
    assert environment["LATENTRELAY_UNCLIP_MODEL"] == "hub/name"


def test_the_services_are_found_from_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "services" / "sdxl_base").mkdir(parents=True)
    (tmp_path / "services" / "sdxl_base" / "worker.py").touch()
    (tmp_path / "out" / "demo").mkdir(parents=True)
    assert services_folder([tmp_path / "out" / "demo"]) == tmp_path


def test_without_services_it_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(StackUnavailable, match="clone of Latent Relay"):
        services_folder([tmp_path])
