"""docker-compose.yml: what every container must have, and what the file may not hold."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.pages.compose import OF_TRACES, VARIABLES, passed
from latentrelay.access.text import id_in
from latentrelay.settings import Settings

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONCE = ("store-users", "init", "latentrelay")
STAGES = ("sdxl_base", "sdxl_refiner", "unclip_variation")
INTERPOLATED = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")
VERSION = tomllib.loads((ROOT / "shared/pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_nothing_that_it_need_not(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), "a numeric user that is not root"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_and_ours_is_of_this_version(name: str) -> None:
    repository, _, tag = SERVICES[name]["image"].partition(":")
    assert re.search(r"\d", tag)
    assert "latest" not in tag
    if repository.startswith("latentrelay/"):
        assert tag == VERSION


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_that_stays_tells_its_health_and_one_that_ends_is_not_started_again(name: str) -> None:
    service, dockerfile = SERVICES[name], (ROOT / "Dockerfile").read_text(encoding="utf-8")
    if name in ONCE:
        assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True})
        return
    assert service["restart"] == "unless-stopped"
    target = service.get("build", {}).get("target")
    stage_of_ours = dockerfile.partition(f" AS {target}\n")[2].partition("\nFROM ")[0]
    assert "test" in service.get("healthcheck", {}) or "HEALTHCHECK" in stage_of_ours


@pytest.mark.parametrize("name", [name for name in SERVICES if name.removesuffix("_cpu") in STAGES])
def test_a_worker_has_longer_to_end_than_it_may_go_on_with_its_job(name: str) -> None:
    default = _defaults()["STAGE_GRACE"]
    assert SERVICES[name]["stop_grace_period"] == f"${{STAGE_GRACE:-{default}}}"
    assert float(default.removesuffix("s")) > Settings.model_fields["drain_seconds"].default + 10


def test_every_stage_runs_on_cpus_and_on_gpus_and_is_found_by_one_name() -> None:
    for stage in STAGES:
        gpu, cpu = SERVICES[stage], SERVICES[f"{stage}_cpu"]
        assert (gpu["profiles"], cpu["profiles"]) == (["gpu"], ["cpu"])
        assert gpu["command"] == cpu["command"] == ["stage", stage]
        assert cpu["networks"]["inside"]["aliases"] == [stage]
        assert gpu["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
        assert "container_name" not in gpu, "it could not be scaled"


def test_only_the_gateway_and_grafana_are_reached_from_outside_and_from_this_machine_unless_told() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"gateway", "grafana"}
    assert all(port.startswith("${BIND:-127.0.0.1}:") for ports in published.values() for port in ports)
    assert yaml.safe_load(TEXT)["networks"]["inside"] == {"internal": True}
    assert all("inside" in SERVICES[name]["networks"] for name in ("redis", "store"))
    assert all(len(SERVICES[name]["networks"]) == 1 for name in ("redis", "store"))


def test_every_image_can_tell_traces_and_every_container_is_handed_how() -> None:
    installed = re.findall(
        r"requirements\.py pyproject\.toml (.+) >", (ROOT / "Dockerfile").read_text(encoding="utf-8")
    )
    assert [extras.split()[-1] for extras in installed] == ["tracing", "tracing"]
    told = re.findall(r"`((?:OTEL|…)_\w+)", (ROOT / "docs/tracing.md").read_text(encoding="utf-8"))
    full = {name.replace("…", "OTEL_EXPORTER_OTLP") for name in told}
    assert set(OF_TRACES) == full - {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME"}
    assert "otlp_endpoint" in passed()


def test_every_setting_it_names_is_one() -> None:
    known = {f"LATENTRELAY_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"LATENTRELAY_\w+", TEXT)) <= known
    assert not {f"LATENTRELAY_{name.upper()}" for name in passed()} & set(re.findall(r"LATENTRELAY_\w+(?=:)", TEXT)), (
        "what it says itself would win over .env in silence"
    )


def test_no_secret_is_in_it_and_one_that_is_missing_is_told() -> None:
    secret = {found.name for found in VARIABLES if found.default is None}
    used = {name: (how, told) for name, how, told in INTERPOLATED.findall(TEXT)}
    assert secret <= set(used)
    assert all(used[name] == (":?", "run make env") for name in secret)
    for name, how, _ in INTERPOLATED.findall(TEXT):
        assert name in secret or how in (":-", "-")


def test_a_variable_of_its_own_is_told_in_the_example_with_its_default() -> None:
    used = {name: told for name, how, told in INTERPOLATED.findall(TEXT) if how in (":-", "-")}
    assert used == _defaults()


def test_what_make_env_writes_is_compose_s_alone_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("MODELS=./models/small", encoding="utf-8")
    told = [_written(file), _written(file)]
    assert told[0] == told[1]
    drawn = {name for name in told[0] if name != "MODELS"}
    assert drawn == {found.name for found in VARIABLES if found.default is None}
    assert not any(name.startswith("LATENTRELAY_") for name in drawn), "`latentrelay up` reads .env, too"
    assert (len(set(told[0].values())), file.stat().st_mode & 0o777) == (len(told[0]), 0o600)
    assert id_in(told[0]["FIRST_API_KEY"])


def test_services_are_handed_only_the_secrets_that_they_need() -> None:
    holders = {
        "LATENTRELAY_API_KEY": {"init", "latentrelay"},
        "LATENTRELAY_WEBHOOK_KEY": {"init", "latentrelay", "gateway", "webhooks"},
        "MINIO_ROOT_PASSWORD": {"store", "store-users"},
    }
    for variable, expected in holders.items():
        assert {name for name, found in SERVICES.items() if variable in found.get("environment", {})} == expected


def _defaults() -> dict[str, str]:
    return {found.name: found.default for found in VARIABLES if found.default is not None}


def _written(file: Path) -> dict[str, str]:
    """What a file of variables says after `make env`."""
    subprocess.run(["sh", ROOT / "infra/docker/env.sh", file], check=True, capture_output=True)
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
