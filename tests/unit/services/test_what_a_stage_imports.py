import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "transformers", "celery", "redis", "minio")


@pytest.mark.parametrize("service", ["sdxl_base", "sdxl_refiner", "unclip_variation"])
def test_a_stage_reaches_no_torch_and_no_broker_even_indirectly(service: str) -> None:
    code = f"import sys, services.{service}.stage; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("service", ["sdxl_base", "sdxl_refiner", "unclip_variation"])
def test_a_worker_process_loads_no_torch_before_it_forks(service: str) -> None:
    servers = "redis://127.0.0.1:1/0", "http://127.0.0.1:1"
    code = (
        "import os, sys;"
        f"os.environ.update(LATENTRELAY_REDIS_URL={servers[0]!r}, LATENTRELAY_S3_ENDPOINT={servers[1]!r});"
        f"import services.{service}.worker as worker;"
        "print(worker.app.main, [name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
