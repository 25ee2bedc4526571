"""The commands as a person types them, on a real stack: `latentrelay up` with small models, one for all tests here."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from latentrelay import Job

ROOT = Path(__file__).parents[2]
DRAW = ("--num-inference-steps", "5", "--seed", "7")
LONG = ("--num-inference-steps", "150", "--num-images-per-prompt", "8", "--refine-mode", "none")


@dataclass(frozen=True)
class Shell:
    """Where commands are typed: beside a running stack with its data in `data`, whose `up` has `said` this so far."""

    data: Path
    said: str
    folder: Path

    def begin(self, *words: str, **streams: int) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        command = [sys.executable, "-m", "latentrelay", *words]
        return subprocess.Popen(command, cwd=self.folder, env=environment(self.data), text=True, **pipes)

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        """What it writes to stdout and stderr."""
        with self.begin(*words) as command:
            out, err = command.communicate(timeout=240)
        assert command.returncode == code, err
        return out, err

    def job(self, *words: str, code: int = 0) -> Job:
        return Job.model_validate_json(self.run(*words, "--json", code=code)[0])


def environment(data: Path) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("LATENTRELAY_")}
    ours = {"LATENTRELAY_DATA_DIR": str(data), "LATENTRELAY_TORCH_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return others | ours


@pytest.fixture(scope="module")
def running(small_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    data = tmp_path_factory.mktemp("stack")
    up = subprocess.Popen(
        [sys.executable, "-m", "latentrelay", "up", "--port", "0", "--models", str(small_models)],
        cwd=ROOT,
        env=environment(data),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert up.stdout is not None
    said = ""
    try:
        for line in up.stdout:
            said += line
            if "all workers are there" in line:
                break
        assert up.poll() is None, said
        yield data, said
    finally:
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=60)
    assert up.returncode == 0


@pytest.fixture
def shell(running: tuple[Path, str], tmp_path: Path) -> Shell:
    return Shell(*running, tmp_path)


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def test_up_says_what_runs_by_which_models_and_when_each_worker_is_ready(shell, small_models):
    for name in ("valkey", "seaweed", "sdxl_base-1", "sdxl_refiner-1", "unclip_variation-1"):
        assert f"{name} runs as process" in shell.said
    for stage in ("sdxl_base", "sdxl_refiner", "unclip_variation"):
        assert f"{stage} is ready after" in shell.said
    assert f"models: sdxl_base {small_models / 'sdxl_base'}, " in shell.said


def test_up_serves_a_gateway_that_is_ready_once_all_workers_are(shell):
    (url,) = re.findall(r"the gateway answers at (http://127\.0\.0\.1:\d+),", shell.said)
    ready = httpx2.get(f"{url}/readyz", timeout=30)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "lacks": [], "notes": []})


def test_doctor_tells_what_ready_workers_serve_and_nothing_of_settings_they_need_not_have(shell):
    told = shell.run("doctor")[0]
    assert "model of " not in told
    assert "(ready, sdxl_base, " in told


def test_doctor_finds_a_running_stack_sound(shell, small_models):
    found = json.loads(shell.run("doctor", "--models", str(small_models), "--json")[0])
    assert {finding["mark"] for finding in found if not finding["what"].startswith("disk")} == {"ok"}
    assert {"Redis", "object store", "workers of sdxl_base"} <= {finding["what"] for finding in found}


def test_doctor_tells_a_model_of_the_wrong_kind_and_ends_with_1(shell, small_models):
    (shell.folder / "sdxl_base").symlink_to(small_models / "sdxl_refiner")
    out, _ = shell.run("doctor", "--models", str(shell.folder), code=1)
    assert "missing  model of sdxl_base" in out
    assert "StableDiffusionXLImg2ImgPipeline, not a StableDiffusionXLPipeline" in out


def test_generate_writes_the_image_and_prints_its_path_alone(shell):
    out, err = shell.run("generate", "a lighthouse", *DRAW, "-o", "light.png")
    assert out == "light.png\n"
    job = json.loads(shell.run("jobs", "--limit", "1", "--json")[0])["jobs"][0]
    assert err.splitlines() == [
        *("queued for sdxl_base", "sdxl_base started"),
        *("sdxl_base is done, queued for the next stage", "sdxl_refiner started"),
        f"job {job['id']}",
    ]
    assert pixels(shell.folder / "light.png").std() > 1


def test_several_images_and_the_bases_own_go_to_files_of_their_own(shell):
    shell.run("generate", "a boat", *DRAW, "--num-images-per-prompt", "2", "--output-keep-base", "-o", "made/")
    assert len(list((shell.folder / "made").glob("*-[01].png"))) == 2
    assert len(list((shell.folder / "made").glob("*-[01]-base.png"))) == 2


def test_json_prints_the_job_and_nothing_else_and_writes_no_file(shell):
    job = shell.job("generate", "a tree", *DRAW, "--refine-mode", "none", "--metadata", "order=7")
    assert (job.request.seed, job.request.metadata, job.status) == (7, {"order": "7"}, "succeeded")
    assert list(shell.folder.iterdir()) == []


def test_a_file_and_a_jobs_image_can_be_varied(shell):
    job = shell.job("generate", "a house", *DRAW, "--refine-mode", "none", "-o", "house.png")
    steps = ("--num-inference-steps", "2")
    out, _ = shell.run("vary", "house.png", *steps, "--num-images-per-prompt", "2", "-o", "other.webp")
    assert out.split() == ["other-0.webp", "other-1.webp"]
    with Image.open(shell.folder / "other-0.webp") as image:
        assert image.format == "WEBP"
    seeded = (*steps, "--seed", "3", "--prompt", "at night")
    shell.run("vary", "house.png", *seeded, "-o", "from-file.png")
    shell.run("vary", f"job:{job.id}", *seeded, "-o", "from-job.png")
    assert np.array_equal(pixels(shell.folder / "from-file.png"), pixels(shell.folder / "from-job.png"))


def test_latents_are_refined_again_to_the_same_picture_and_an_image_to_another(shell):
    job = shell.job("generate", "a bridge", *DRAW, "-o", "first.png")
    shell.run("refine", "--latents", job.id, "--prompt", "a bridge", "-o", "again.png")
    assert np.array_equal(pixels(shell.folder / "first.png"), pixels(shell.folder / "again.png"))
    half = ("--refine-strength", "0.5", "--refine-num-inference-steps", "4")
    shell.run("refine", "first.png", "--prompt", "a bridge", *half, "-o", "more.jpg")
    with Image.open(shell.folder / "more.jpg") as image:
        assert image.format == "JPEG"


def test_a_job_that_is_not_waited_for_can_be_fetched_later(shell):
    job_id = shell.run("generate", "a road", *DRAW, "--no-wait")[0].strip()
    out, _ = shell.run("show", job_id, "--wait", "-o", "road.png")
    assert out == "road.png\n"
    _, err = shell.run("show", job_id, "-o", "road.jpg", code=2)
    assert "is png, but the file road.jpg is named a jpeg" in err
    told, _ = shell.run("show", job_id)
    for part in (job_id, "succeeded", "a road", "sdxl_refiner", "denoise", f"images/{job_id}/"):
        assert part in told


def test_ctrl_c_leaves_the_job_running_and_says_how_to_end_it(shell):
    with shell.begin("generate", "a long road", *LONG) as waiting:
        assert waiting.stderr is not None
        while "started" not in waiting.stderr.readline():
            assert waiting.poll() is None
        waiting.send_signal(signal.SIGINT)
        said = waiting.communicate(timeout=60)[1]
    assert waiting.returncode == 130
    (running,) = json.loads(shell.run("jobs", "--status", "running", "--json")[0])["jobs"]
    assert f"job {running['id']} goes on" in said
    assert f"latentrelay cancel {running['id']}" in said
    shell.run("cancel", running["id"])
    assert shell.job("show", running["id"], "--wait").status == "canceled"
    assert "is canceled" in shell.run("cancel", running["id"])[0]


def test_on_a_terminal_steps_and_time_left_are_drawn_on_one_line(shell):
    ours, theirs = pty.openpty()
    with shell.begin(
        "generate", "a hill", "--num-inference-steps", "10", "--refine-mode", "none", stderr=theirs
    ) as drawn:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # the terminal is gone with its last writer
            while more := os.read(ours, 4096):
                seen += more
    os.close(ours)
    assert drawn.returncode == 0
    assert b"\r\x1b[Ksdxl_base  [" in seen
    assert b"/10 steps" in seen
    assert b" left" in seen
    assert re.search(rb"\r\x1b\[Kjob [0-9a-f]{32}\r\n$", seen)


def test_a_job_that_fails_says_why_and_ends_with_1(shell):
    (shell.folder / "no.png").write_bytes(b"\x89PNG\r\n\x1a\nand no image")
    out, err = shell.run("vary", "no.png", code=1)
    assert out == ""
    assert "failed: " in err
    assert "(input_undecodable)" in err
    assert shell.job("vary", "no.png", code=1).error.code == "input_undecodable"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "nothing"], "no job nothing"),
        (["cancel", "nothing"], "no job nothing"),
        (["vary", "job:nothing"], "no job nothing"),
        (["vary", "upload:nothing"], "no upload nothing"),
        (["vary", "https://localhost/a.png"], "not on the public internet"),
        (["vary", "http://example.com/a.png"], "must begin with https://"),
        (["refine", "--latents", "nothing", "--prompt", "p"], "no job nothing"),
    ],
)
def test_what_is_not_there_or_may_not_be_fetched_is_told_in_one_line(shell, words, told):
    out, err = shell.run(*words, code=2)
    assert told in err
    assert len(err.splitlines()) == 1
    assert out == ""


def test_jobs_are_listed_newest_first_by_kind_and_page_by_page(shell):
    wanted = [shell.job("generate", "a cloud", *DRAW, "--refine-mode", "none").id for _ in range(2)]
    listed, _ = shell.run("jobs", "--kind", "text_to_image", "--limit", "1")
    assert listed.splitlines()[0].startswith("ID")
    assert wanted[1] in listed
    page = json.loads(shell.run("jobs", "--kind", "text_to_image", "--limit", "1", "--json")[0])
    (older,) = json.loads(shell.run("jobs", "--limit", "1", "--cursor", page["next_cursor"], "--json")[0])["jobs"]
    assert (page["jobs"][0]["id"], older["id"]) == (wanted[1], wanted[0])
    assert shell.run("jobs", "--status", "expired")[0] == "no jobs\n"


def test_a_second_up_on_the_same_data_ends_with_1(shell, small_models):
    command = [sys.executable, "-m", "latentrelay", "up", "--models", str(small_models)]
    second = subprocess.run(
        command, cwd=ROOT, env=environment(shell.data), capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "another `latentrelay up`" in second.stderr


def test_up_ends_with_1_and_says_why_where_no_worker_can_serve(tmp_path):
    (tmp_path / "models" / "sdxl_base").mkdir(parents=True)
    options = ["--no-gateway", "--stage", "sdxl_base", "--models", str(tmp_path / "models")]
    command = [sys.executable, "-m", "latentrelay", "up", *options]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path / "data"), capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 1
    (reason,) = [line for line in ended.stdout.splitlines() if line.startswith("    ")]
    assert "model unavailable: " in reason
    assert "sdxl_base-1 cannot serve (exit code 78)\n" in ended.stdout
    assert ended.stderr == "latentrelay: no worker can serve; why is told above\n"


@pytest.mark.usefixtures("store")  # its bucket
def test_where_nobody_works_the_job_says_so_and_waits(settings, tmp_path):
    assert settings.redis_url is not None
    servers = {
        "LATENTRELAY_REDIS_URL": settings.redis_url.get_secret_value(),
        "LATENTRELAY_S3_ENDPOINT": settings.s3_endpoint,
        "LATENTRELAY_S3_ACCESS_KEY": settings.s3_access_key,
        "LATENTRELAY_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "LATENTRELAY_S3_BUCKET": settings.s3_bucket,
    }
    command = [sys.executable, "-m", "latentrelay", "generate", "a lighthouse"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path) | servers, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == "queued for sdxl_base\n"
        assert waiting.stderr.readline() == "no worker of sdxl_base runs; see `latentrelay doctor`\n"
        waiting.send_signal(signal.SIGINT)
        assert "goes on" in waiting.communicate(timeout=60)[1]
    assert waiting.returncode == 130
