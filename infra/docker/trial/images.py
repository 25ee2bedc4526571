"""The images of the trial: ours as they are, and stand-ins under the very names of those that registries hold."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
OFFLINE = ROOT / "infra/docker/offline"
BASE = "debian:bookworm-slim"
BUILDER, STORE = "latentrelay/offline-builder:1", "latentrelay/offline-store:1"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NOT_NEEDED = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


def build(folder: Path, docker: Mapping[str, str]) -> None:
    """Build all of them; what `folder` and the daemon have already is taken from there."""
    if not _is_there(BASE, docker):
        _import_base(folder / "base", docker)
    context = _context(folder / "context")
    pinned = {name: service["image"] for name, service in _services().items()}
    for target, tag in {"builder": BUILDER, "store": STORE, **{n: pinned[n] for n in ("redis", "prometheus")}}.items():
        _run(docker, "docker", "build", "--quiet", "--target", target, "--tag", tag, str(context))
    for service in _services().values():
        if "build" in service and "gpu" not in service.get("profiles", ()):
            _build_ours(service["build"]["target"], service["image"], docker)


def sizes(docker: Mapping[str, str]) -> str:
    """A line for each of ours."""
    return _run(
        docker, "docker", "images", "--format", "{{.Repository}} {{.Size}}", "--filter", "reference=latentrelay/*"
    )


def _build_ours(target: str, tag: str, docker: Mapping[str, str]) -> None:
    arguments = [f"--build-arg={name}={value}" for name, value in {"BUILDER": BUILDER, "STORE": STORE}.items()]
    _run(docker, "docker", "build", "--quiet", *arguments, "--target", target, "--tag", tag, ".")


def _import_base(folder: Path, docker: Mapping[str, str]) -> None:
    """What the image of that name is: Debian's smallest system, without documentation."""
    shutil.rmtree(folder, ignore_errors=True)
    _run(docker, "debootstrap", "--variant=minbase", "bookworm", str(folder))
    for name in NOT_NEEDED:
        shutil.rmtree(folder / name)
        (folder / name).mkdir()
    with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as packed:
        subprocess.run(
            ["docker", "import", "-", BASE], env=docker, stdin=packed.stdout, check=True, capture_output=True
        )
    shutil.rmtree(folder)


def _context(folder: Path) -> Path:
    """What the stand-ins are built from: this machine's certificates, and wheels that pip finds on its disk."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(OFFLINE, folder)
    shutil.copy(ROOT / "constraints.txt", folder)
    shutil.copy(CERTIFICATES, folder / "certificates.crt")
    (folder / "wheels").mkdir()
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    links = (line.partition("=")[2].strip("'") for line in told.stdout.splitlines() if ".find-links=" in line)
    for wheel in {wheel for link in links for wheel in Path(link).glob("*.whl")}:
        shutil.copy(wheel, folder / "wheels")
    return folder


def _services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    return found


def _is_there(image: str, docker: Mapping[str, str]) -> bool:
    asked = ["docker", "image", "inspect", image]
    return subprocess.run(asked, env=docker, capture_output=True, check=False).returncode == 0


def _run(environment: Mapping[str, str], *command: str) -> str:
    """What `command` prints; it is shown where it fails."""
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(command[:4])} ... failed:\n{ended.stdout[-2000:]}{ended.stderr[-4000:]}")
    return ended.stdout
