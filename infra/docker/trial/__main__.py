"""`make compose-test`: ends with 1 where a promise is broken; leaves no container and no daemon behind."""

import subprocess
import sys
import time
from pathlib import Path

from infra.docker.trial.compose import Compose, until
from infra.docker.trial.daemon import daemon
from infra.docker.trial.images import ROOT, build, sizes
from infra.docker.trial.promises import PROMISES, Trial
from latentrelay.http import HttpClient

OUT = ROOT / "out/compose-test"
MODELS = ROOT / "models/small"
PORT = 18000
SERVICES = ("gateway", "webhooks", "sdxl_base_cpu", "sdxl_refiner_cpu", "unclip_variation_cpu")
CHANGED = {
    "MODELS": str(MODELS),
    "GATEWAY_PORT": str(PORT),
    "LATENTRELAY_TORCH_THREADS": "1",
    "LATENTRELAY_DRAIN_SECONDS": "5",  # a long job is handed back
}


def main() -> None:
    """Build, bring up, try, take down."""
    subprocess.run([sys.executable, "-m", "infra.models", str(MODELS)], cwd=ROOT, check=True)
    with daemon(OUT) as docker:
        print("building ...", flush=True)
        build(OUT, docker)
        print(sizes(docker), flush=True)
        compose = Compose(docker, _variables())
        compose.compose("down", "--volumes", "--remove-orphans")
        try:
            _try(compose)
        except BaseException:
            (OUT / "compose.log").write_text(compose.compose("logs", "--no-color"), encoding="utf-8")
            raise
        finally:
            compose.compose("down", "--volumes", "--remove-orphans")


def _variables() -> Path:
    """Secrets of this run, and what makes it short."""
    file = OUT / "env"
    file.unlink(missing_ok=True)
    subprocess.run(["sh", ROOT / "infra/docker/env.sh", file], check=True, capture_output=True)
    with file.open("a", encoding="utf-8") as more:
        more.writelines(f"{name}={value}\n" for name, value in CHANGED.items())
    return file


def _try(compose: Compose) -> None:
    compose.compose("up", "--detach", "--no-build", *SERVICES, *_watching())
    until(compose.all_healthy, "all of them are healthy")
    with HttpClient(f"http://127.0.0.1:{PORT}", compose.variables["FIRST_API_KEY"]) as client:
        for promise in PROMISES:
            began = time.monotonic()
            promise(Trial(compose, client))
            print(f"kept, {time.monotonic() - began:5.1f} s: {promise.__name__.replace('_', ' ')}", flush=True)


def _watching() -> list[str]:
    """Prometheus, where it has something to read. Grafana is in no registry of packages."""
    return ["prometheus"] if (ROOT / "infra/prometheus/prometheus.yml").is_file() else []


if __name__ == "__main__":
    main()
