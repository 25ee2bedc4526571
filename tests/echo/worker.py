"""A real stage worker whose stage draws nothing: what it does is told by the job's metadata.

`steps` and `step_seconds` make it last, `raise` names an error of `latentrelay.errors` or of Python to raise,
`die` kills the process in its first attempt. ECHO_MODEL=missing or broken makes its model unavailable, or names a file
without which it is.
"""

import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

from latentrelay import errors
from latentrelay.contracts import Artifact, ArtifactKind, Job, Phase, Role, StageName, image_key
from latentrelay.settings import Settings
from latentrelay.stage import ArtifactStore, Report
from latentrelay.worker import stage_worker

NAME = StageName(os.environ["ECHO_STAGE"])
PRIVATE = "what the model said, prompt and all"


class EchoStage:
    name = NAME

    def setup(self) -> None:
        time.sleep(float(os.environ.get("ECHO_SETUP_SECONDS", "0")))
        model = os.environ.get("ECHO_MODEL", __file__)
        if not Path(model).exists():
            raise errors.ModelUnavailable("The weights are cut short.")

    def describe(self) -> Mapping[str, str]:
        return {"model": "echo"}

    def run(self, job: Job, store: ArtifactStore, report: Report) -> None:
        wish = job.request.metadata
        if wish.get("die") == self.name and job.attempt == 1:
            os._exit(9)
        steps = int(wish.get("steps", "2"))
        with report.phase(Phase.DENOISE):
            for step in range(1, steps + 1):
                time.sleep(float(wish.get("step_seconds", "0")))
                report.step(step, steps)
        if "raise" in wish:
            raise getattr(errors, wish["raise"], RuntimeError)(PRIVATE)
        data = f"{job.id} {self.name} {[made.stage for made in job.artifacts]}".encode()
        made = Artifact(
            kind=ArtifactKind.IMAGE,
            key=image_key(job.id, self.name, job.attempt, 0, "png"),
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            media_type="image/png",
            stage=self.name,
            attempt=job.attempt,
            role=Role.FINAL if self.name is not StageName.SDXL_BASE else Role.BASE,
        )
        store.put(made, data)
        report.made(made)


def check(_: Settings) -> str:
    if os.environ.get("ECHO_MODEL") == "missing":
        raise errors.ModelUnavailable("There is no folder /models/nowhere.")
    return "checked"


def build(_: Settings, checked: str) -> EchoStage:
    assert checked == "checked"
    return EchoStage()


app = stage_worker(NAME, check=check, build=build)
