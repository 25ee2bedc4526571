"""What the containers promise, each tried on those that run."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from infra.docker.trial.compose import Compose, until
from latentrelay import Job, JobStatus, StageName, TextToImage
from latentrelay.contracts import WorkerState
from latentrelay.errors import NotFound, StackUnavailable, Unauthorized
from latentrelay.http import HttpClient

BASES = 2
SECRET = ("_PASSWORD", "_SECRET", "_KEY")
QUICK = TextToImage(prompt="a lighthouse at dawn", seed=7, num_inference_steps=4)
LONG = QUICK.model_copy(update={"num_inference_steps": 150, "num_images_per_prompt": 2})


@dataclass(frozen=True)
class Trial:
    """The containers, and a client of their gateway."""

    compose: Compose
    client: HttpClient

    def ends_well(self, job: Job) -> Job:
        """The job, which must succeed, with an image."""
        ended = self.client.wait(job.id, timeout=900)
        assert ended.status is JobStatus.SUCCEEDED, ended.error
        assert self.client.download(job.id).startswith(b"\x89PNG")
        return ended

    def ready(self, stage: StageName) -> set[str]:
        """The ids of the workers of a stage that take jobs."""
        states = (WorkerState.READY, WorkerState.BUSY)
        return {worker.id for worker in self.client.workers() if worker.stage is stage and worker.state in states}

    def busy_with_a_long_job(self) -> tuple[Job, str]:
        """A job that the base has begun, and the container that draws it."""
        job = self.client.submit(LONG)
        until(lambda: self.client.get(job.id).status is JobStatus.RUNNING, "the base has begun")
        return job, self._drawing()

    def measured(self, query: str) -> float:
        """What Prometheus answers to a query of one value; 0 where it has none."""
        url = f"http://127.0.0.1:9090/api/v1/query?{urlencode({'query': query})}"
        (container,) = self.compose.containers("prometheus")
        told = json.loads(self.compose.run("docker", "exec", container, "wget", "-q", "-O-", url))
        return float(told["data"]["result"][0]["value"][1]) if told["data"]["result"] else 0.0

    def _drawing(self) -> str:
        found: list[str] = []

        def look() -> bool:
            busy = (one for one in self.client.workers() if one.state is WorkerState.BUSY)
            found[:] = [one.host for one in busy if one.stage is StageName.SDXL_BASE]
            return bool(found)

        until(look, "a worker says that it is busy")
        return found[0]  # a container's host name is its id


def a_job_passes_both_stages_for_who_brings_the_first_key(trial: Trial) -> None:
    """And nobody else is let in."""
    trial.ends_well(trial.client.submit(QUICK))
    url = f"http://127.0.0.1:{trial.compose.variables['GATEWAY_PORT']}"
    with suppress(Unauthorized), HttpClient(url, "lr_0000000000000000_" + "0" * 64) as stranger:
        stranger.list()
        raise AssertionError("a stranger was let in")


def containers_are_confined(trial: Trial) -> None:
    """As the daemon has them, and as a process in one of them finds it."""
    for found in trial.compose.look(trial.compose.containers(ended=True)):
        config, host = found["Config"], found["HostConfig"]
        assert host["ReadonlyRootfs"], found["Name"]
        assert config["User"].split(":")[0] not in ("", "0", "root"), found["Name"]
        assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None), found["Name"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"], found["Name"]
    for service in ("gateway", "webhooks", "sdxl_base_cpu"):
        inside = trial.compose.containers(service)[0]
        assert trial.compose.run("docker", "exec", inside, "id", "-u").strip() == "65532"
        with suppress(subprocess.CalledProcessError):
            trial.compose.run("docker", "exec", inside, "touch", "/app/written")
            raise AssertionError(f"{service} writes to its root file system")


def only_the_gateway_is_reached_from_outside(trial: Trial) -> None:
    """Of what runs here, on this machine's loopback alone; the store and Redis have no way out either."""
    for found in trial.compose.look(trial.compose.containers()):
        service = found["Config"]["Labels"]["com.docker.compose.service"]
        published = [one for ports in found["NetworkSettings"]["Ports"].values() for one in ports or ()]
        assert {one["HostIp"] for one in published} == ({"127.0.0.1"} if service == "gateway" else set()), service
        networks = [name.partition("_")[2] for name in found["NetworkSettings"]["Networks"]]
        assert service not in ("redis", "store") or networks == ["inside"]


def the_base_scales_to_two_that_are_found_by_one_name(trial: Trial) -> None:
    """Which is the one that Prometheus asks for."""
    trial.compose.compose("up", "--detach", "--no-recreate", "--scale", f"sdxl_base_cpu={BASES}", "sdxl_base_cpu")
    until(lambda: len(trial.ready(StageName.SDXL_BASE)) == BASES, "two workers of the base are ready")
    gateway = trial.compose.containers("gateway")[0]
    ask = (
        "import socket; print(len({found[4] for found in socket.getaddrinfo('sdxl_base', 0, type=socket.SOCK_STREAM)}))"
    )
    assert trial.compose.run("docker", "exec", gateway, "python3", "-c", ask).strip() == str(BASES)


def a_job_waits_for_a_refiner_that_was_stopped(trial: Trial) -> None:
    """The base goes on, and the latents wait in the store."""
    job, _ = trial.busy_with_a_long_job()
    trial.compose.compose("stop", "sdxl_refiner_cpu")
    until(lambda: trial.client.get(job.id).stage is StageName.SDXL_REFINER, "the base has handed on")
    assert not trial.ready(StageName.SDXL_REFINER)
    assert any(queue.depth for queue in trial.client.queues() if queue.stage is StageName.SDXL_REFINER)
    trial.compose.compose("start", "sdxl_refiner_cpu")
    trial.ends_well(job)


def a_job_survives_a_worker_that_is_killed(trial: Trial) -> None:
    """SIGKILL to the container: the other worker begins a second attempt."""
    job, container = trial.busy_with_a_long_job()
    trial.compose.run("docker", "kill", "--signal", "KILL", container)
    ended = trial.ends_well(job)
    assert any(timing.attempt > 1 for timing in ended.metrics.stages)
    trial.compose.run("docker", "start", container)


def prometheus_finds_every_process_and_the_attempt_that_was_lost(trial: Trial) -> None:
    """By the names that the dashboards and alerts ask for."""
    lost = 'sum(latentrelay_attempts_total{stage="sdxl_base", reason="lost"})'
    until(lambda: trial.measured(lost) >= 1, "Prometheus tells of the lost attempt")
    until(lambda: trial.measured('sum(up{job=~"gateway|webhooks|workers"})') == BASES + 4, "all processes are found")


def a_worker_that_is_stopped_hands_its_job_back(trial: Trial) -> None:
    """Within its time: it ends by itself, with 0, and the attempt does not count."""
    job, container = trial.busy_with_a_long_job()
    trial.compose.run("docker", "stop", "--time", "120", container)
    state = trial.compose.look([container])[0]["State"]
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    trial.ends_well(job)
    trial.compose.run("docker", "start", container)


def a_worker_whose_process_dies_is_started_again(trial: Trial) -> None:
    """Celery's own process killed inside: tini ends with it, and the daemon starts the container again."""
    container, before = trial.compose.containers("unclip_variation_cpu")[0], trial.ready(StageName.UNCLIP_VARIATION)
    state, restarts = trial.compose.look([container])[0]["State"], trial.compose.restarts(container)
    for child in Path(f"/proc/{state['Pid']}/task/{state['Pid']}/children").read_text("utf-8").split():
        os.kill(int(child), signal.SIGKILL)
    until(lambda: trial.compose.restarts(container) > restarts, "it was started again")
    until(lambda: bool(trial.ready(StageName.UNCLIP_VARIATION) - before), "another process is ready")


def redis_is_again_what_it_was_when_it_was_backed_up(trial: Trial) -> None:
    """By the two scripts of docs/operations.md: what came after the backup is gone, and workers go on."""
    before = trial.ends_well(trial.client.submit(QUICK))
    kept, scripts = "/data/backup.rdb", "/etc/latentrelay"
    inside = trial.compose.containers("redis")[0]
    trial.compose.run("docker", "exec", inside, "sh", "-c", f"sh {scripts}/backup.sh > {kept}")
    after = trial.ends_well(trial.client.submit(QUICK))
    trial.compose.compose("stop", "redis")
    restore = f"sh {scripts}/restore.sh < {kept}"
    trial.compose.compose("run", "--rm", "--no-deps", "-T", "redis", "sh", "-c", restore)
    trial.compose.compose("start", "redis")
    until(lambda: _is_told(trial.client, before), "the job of the backup is told again")
    assert not _is_told(trial.client, after)
    trial.ends_well(trial.client.submit(QUICK))


def _is_told(client: HttpClient, job: Job) -> bool:
    with suppress(NotFound, StackUnavailable):
        return client.get(job.id).status is JobStatus.SUCCEEDED
    return False


def no_secret_is_in_an_image_or_a_log(trial: Trial) -> None:
    """Neither passwords nor prompts."""
    found = trial.compose.look(trial.compose.containers(ended=True))
    images = {container["Image"] for container in found}
    told = [trial.compose.run("docker", "history", "--no-trunc", image) for image in images]
    told += [trial.compose.run("docker", "inspect", *images)]
    told += [_logs(trial.compose, container["Id"]) for container in found]
    secrets = [value for name, value in trial.compose.variables.items() if name.endswith(SECRET)]
    assert secrets
    for secret in (*secrets, QUICK.prompt):
        assert not any(secret in text for text in told)


def _logs(compose: Compose, container: str) -> str:
    command = ["docker", "logs", container]
    ended = subprocess.run(command, env=compose.docker, capture_output=True, text=True, check=True)
    return ended.stdout + ended.stderr


PROMISES: tuple[Callable[[Trial], None], ...] = (
    a_job_passes_both_stages_for_who_brings_the_first_key,
    containers_are_confined,
    only_the_gateway_is_reached_from_outside,
    the_base_scales_to_two_that_are_found_by_one_name,
    a_job_waits_for_a_refiner_that_was_stopped,
    a_job_survives_a_worker_that_is_killed,
    prometheus_finds_every_process_and_the_attempt_that_was_lost,
    a_worker_that_is_stopped_hands_its_job_back,
    a_worker_whose_process_dies_is_started_again,
    redis_is_again_what_it_was_when_it_was_backed_up,
    no_secret_is_in_an_image_or_a_log,
)
