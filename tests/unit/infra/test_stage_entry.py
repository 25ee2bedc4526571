"""infra/docker/stage.sh: which model and which GPU a worker takes; `celery` and `nvidia-smi` are the test's own."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CELERY = '#!/bin/sh\necho "$* gpu=${CUDA_VISIBLE_DEVICES:-none}"\n[ -z "${HOLD:-}" ] || exec sleep 60\n'
SMI = "#!/bin/sh\necho GPU-a\necho GPU-b\n"

Worker = subprocess.Popen[str]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts the script."""
    for name, text in {"celery": CELERY, "nvidia-smi": SMI}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "gpus").mkdir()
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    started: list[Worker] = []

    def start(*words: str, **more: str) -> Worker:
        script = ["sh", str(ROOT / "infra/docker/stage.sh"), *words]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(script, env=environment | more, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def said(worker: Worker) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def test_each_worker_takes_a_gpu_that_nobody_has_until_it_has_ended(
    stage: Callable[..., Worker], tmp_path: Path
) -> None:
    gpus = str(tmp_path / "gpus")
    first, second = (stage("sdxl_base", GPUS=gpus, HOLD="1") for _ in range(2))
    assert {said(worker).rpartition("gpu=")[2] for worker in (first, second)} == {"GPU-a", "GPU-b"}
    third = stage("sdxl_base", GPUS=gpus)
    assert (third.wait(), "each GPU of this machine has its worker" in third.communicate()[1]) == (69, True)
    first.kill()
    first.wait()
    assert "gpu=GPU-" in said(stage("sdxl_refiner", GPUS=gpus))


def test_a_container_that_is_shown_no_gpu_says_so_and_not_that_all_are_taken(
    stage: Callable[..., Worker], tmp_path: Path
) -> None:
    for smi in ("#!/bin/sh\nexit 9\n", "#!/bin/sh\n"):
        (tmp_path / "nvidia-smi").write_text(smi)
        worker = stage("sdxl_base", GPUS=str(tmp_path / "gpus"))
        assert (worker.wait(), "nvidia-smi shows no GPU" in worker.communicate()[1]) == (69, True)


def test_without_shared_gpus_it_takes_none_and_starts_the_worker_of_its_stage(stage: Callable[..., Worker]) -> None:
    arguments = "-A services.unclip_variation.worker worker"
    assert said(stage("unclip_variation")) == f"{arguments} gpu=none"


def test_a_stage_that_there_is_not_is_refused(stage: Callable[..., Worker]) -> None:
    for words in ((), ("sdxl",)):
        worker = stage(*words)
        assert (worker.wait(), "usage: stage sdxl_base|" in worker.communicate()[1]) == (64, True)
