"""A real stage worker whose stage draws nothing: what it does is told by the job's metadata.

`steps` (`asked`: as many as the request asks for) and `step_seconds` make each image last, `{stage}_step_seconds` at
one stage alone; a preview is told of every `preview_steps` of them, grey of that step (of the first, 1). `raise` names
an error of `latentrelay.errors` or of Python to raise; `hang` names the stage that never returns from its first
attempt. `die` names the stage whose process ends itself in its first attempt: at once, or with `die_at` = `stored` when
its first object is stored and not told yet, with `told` when it is told. `deadly` names one that does so in every
attempt.
ECHO_METADATA is, as JSON, what metadata says where that of a job says nothing.

ECHO_MODEL=missing or broken makes its model unavailable, or names a file without which it is. ECHO_DIE_AT =
`committed`, `sent` or `settled` kills the worker once, at that point of its first job: before the next hint is sent,
after it, or when it has returned from its task; ECHO_DIED names the file that tells that it did.
ECHO_VISIBILITY_SECONDS shortens Celery's visibility timeout, ECHO_STUCK_SECONDS the watchdog's patience.

ECHO_BROKEN=always fails every job, ECHO_BROKEN=device those, and the probe of the device too. ECHO_LEAK_MB is what each
job leaves in memory. ECHO_SIZE is the WIDTHxHEIGHT that its model draws unasked, told with all it makes; without it
no size is told. ECHO_PICTURES=1 makes its images files that can be looked at.
"""

import hashlib
import json
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from celery import signals

from latentrelay import Refinement, errors
from latentrelay.celery_app import VISIBILITY_SECONDS
from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    ImageFormat,
    Job,
    Output,
    Phase,
    Role,
    StageName,
    image_key,
    latents_key,
)
from latentrelay.cost import drawn, sides
from latentrelay.flow import Owed, earlier, owed, unmade
from latentrelay.settings import Settings
from latentrelay.stage import ArtifactStore, Memory, Report
from latentrelay.worker import stage_worker
from latentrelay.worker.watchdog import STUCK_SECONDS

NAME = StageName(os.environ["ECHO_STAGE"])
PRIVATE = "what the model said, prompt and all"
PEAK_BYTES = 64 * 2**20
LEFT: list[bytes] = []
USUAL: dict[str, str] = json.loads(os.environ.get("ECHO_METADATA", "{}"))


def grey(shade: int) -> bytes:
    """A small JPEG, all of one grey."""
    import numpy as np  # noqa: PLC0415  # most echo workers show nothing, and are to start soon

    from latentrelay.images import encode_image  # noqa: PLC0415  # as above

    return encode_image(np.full((8, 8, 3), shade, np.uint8), Output(format=ImageFormat.JPEG), None)


def picture(data: bytes, role: Role | None) -> bytes:
    """A small PNG that is another for other `data`: a slope of colours, in greys where it is the base's."""
    import numpy as np  # noqa: PLC0415  # as above

    from latentrelay.images import encode_image  # noqa: PLC0415  # as above

    ends = np.frombuffer(hashlib.sha256(data).digest()[:6], np.uint8).reshape(2, 1, 1, 3)
    slope = np.add.outer(np.arange(96), np.arange(96))[..., None] / 190
    pixels = ends[0] * (1 - slope) + ends[1] * slope
    grey = pixels.mean(axis=2, keepdims=True).repeat(3, axis=2)
    return encode_image((grey if role is Role.BASE else pixels).astype(np.uint8), Output(), None)


def steps_of(job: Job, told: str) -> int:
    """How many steps an image takes."""
    if told != "asked":
        return int(told)
    request = job.request
    return request.refine.num_inference_steps if isinstance(request, Refinement) else request.num_inference_steps


def size(job: Job) -> dict[str, int]:
    """What artifacts of `job` tell of their size."""
    if "ECHO_SIZE" not in os.environ:
        return {}
    own = tuple(map(int, os.environ["ECHO_SIZE"].split("x")))
    width, height = drawn(job.artifacts) or sides(job.request, (own[0], own[1]), job.inputs)
    return {"width": width, "height": height}


class EchoStage:
    name = NAME

    def setup(self) -> None:
        time.sleep(float(os.environ.get("ECHO_SETUP_SECONDS", "0")))
        model = os.environ.get("ECHO_MODEL", __file__)
        if not Path(model).exists():
            raise errors.ModelUnavailable("The weights are cut short.")

    def describe(self) -> Mapping[str, str]:
        return {"model": "echo", **({"size": os.environ["ECHO_SIZE"]} if "ECHO_SIZE" in os.environ else {})}

    def peak_bytes(self) -> int:
        return PEAK_BYTES * (1 + len(LEFT))

    def memory(self) -> Memory:
        return Memory()

    def probe(self) -> None:
        if os.environ.get("ECHO_BROKEN") == "device":
            raise errors.DeviceBroken

    def run(self, job: Job, store: ArtifactStore, report: Report) -> None:
        wish = USUAL | job.request.metadata
        LEFT.append(os.urandom(int(os.environ.get("ECHO_LEAK_MB", "0")) * 2**20))
        if "ECHO_BROKEN" in os.environ:
            raise RuntimeError(PRIVATE)
        if wish.get("deadly") == self.name or (
            wish.get("die") == self.name and job.attempt == 1 and "die_at" not in wish
        ):
            os._exit(9)
        for given in (*job.inputs, *job.made(ArtifactKind.LATENTS, earlier(job))):
            store.get(given)
        for index in unmade(job):
            self._step(index, job, report)
            for thing in owed(job):
                if thing[2] == index:
                    self._make(job, thing, store, report)

    def _step(self, index: int, job: Job, report: Report) -> None:
        wish = USUAL | job.request.metadata
        steps = steps_of(job, wish.get("steps", "2"))
        if wish.get("hang") == self.name and job.attempt == 1:
            time.sleep(3600)
        report.drawing(1)
        with report.phase(Phase.DENOISE):
            for step in range(1, steps + 1):
                time.sleep(float(wish.get(f"{self.name}_step_seconds", wish.get("step_seconds", "0"))))
                shows = "preview_steps" in wish and step % int(wish["preview_steps"]) == 0
                report.step(index * steps + step, job.count * steps, partial(grey, step) if shows else None)
        if "raise" in wish:
            raise getattr(errors, wish["raise"], RuntimeError)(PRIVATE)

    def _make(self, job: Job, thing: Owed, store: ArtifactStore, report: Report) -> None:
        kind, role, index = thing
        before = [made.stage for made in job.artifacts if made.stage is not self.name]
        data = f"{job.id} {self.name} {index} {before}".encode()
        if "ECHO_PICTURES" in os.environ and kind is ArtifactKind.IMAGE:
            data = picture(f"{job.id} {index}".encode(), role)
        where = (job.id, self.name, job.attempt, index)
        made = Artifact(
            kind=kind,
            key=latents_key(*where) if kind is ArtifactKind.LATENTS else image_key(*where, f"{role}.png"),
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            media_type="image/png",
            stage=self.name,
            attempt=job.attempt,
            index=index,
            role=role,
            **size(job),
        )
        store.put(made, data)
        self._die("stored", job)
        report.made(made)
        self._die("told", job)

    def _die(self, point: str, job: Job) -> None:
        wish = job.request.metadata
        if (wish.get("die"), wish.get("die_at"), job.attempt) == (self.name, point, 1):
            os._exit(9)


def check(_: Settings) -> str:
    if os.environ.get("ECHO_MODEL") == "missing":
        raise errors.ModelUnavailable("There is no folder /models/nowhere.")
    return "checked"


def build(_: Settings, checked: str) -> EchoStage:
    assert checked == "checked"
    return EchoStage()


stuck_seconds = float(os.environ.get("ECHO_STUCK_SECONDS", STUCK_SECONDS))
app = stage_worker(NAME, check=check, build=build, stuck_seconds=stuck_seconds)
_DIE_AT = {
    "committed": signals.before_task_publish,
    "sent": signals.after_task_publish,
    "settled": signals.task_postrun,
}


def _die(**_: object) -> None:
    with suppress(FileExistsError):
        Path(os.environ["ECHO_DIED"]).touch(exist_ok=False)
        os.killpg(0, signal.SIGKILL)


if "ECHO_DIE_AT" in os.environ:
    _DIE_AT[os.environ["ECHO_DIE_AT"]].connect(_die)

app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "unacked_restore_interval": 1 if "ECHO_VISIBILITY_SECONDS" in os.environ else 10,
    "visibility_timeout": float(os.environ.get("ECHO_VISIBILITY_SECONDS", VISIBILITY_SECONDS)),
}
