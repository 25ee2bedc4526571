"""A worker's process that has little memory: `python -m tests.faithful.starved MODELS HEADROOM`.

Draws a small picture, then with HEADROOM MiB more than that took a large and the small one again. Says what came of
each, one JSON object a line. The limit is the operating system's own, so that it is torch that runs out of memory.
"""

import json
import resource
import sys
from pathlib import Path

from latentrelay.contracts import ArtifactKind, Refine, RefineMode, StageName
from latentrelay.errors import LatentRelayError
from latentrelay.settings import Dtype, Settings
from latentrelay.testing import MemoryReport, MemoryStore
from services.diffusion.folder import ModelFolder
from services.sdxl_base.pipeline import SdxlBasePipeline
from services.sdxl_base.stage import SdxlBaseStage
from tests.faithful.running import job_of, text_to_image

MEBIBYTE = 2**20


def main(models: Path, headroom: int) -> None:
    settings = Settings(device="cpu", dtype=Dtype.FLOAT32, torch_threads=1)
    folder = ModelFolder(models / StageName.SDXL_BASE, model="small", revision="test")
    stage = SdxlBaseStage(lambda: SdxlBasePipeline.load(folder, settings), settings)
    stage.setup()
    draw(stage, 64)
    resource.setrlimit(resource.RLIMIT_AS, (used() + headroom * MEBIBYTE, resource.RLIM_INFINITY))
    draw(stage, 512)
    draw(stage, 64)


def draw(stage: SdxlBaseStage, side: int) -> None:
    none = Refine(mode=RefineMode.NONE)
    job = job_of(text_to_image(num_inference_steps=2, width=side, height=side, refine=none))
    report = MemoryReport()
    try:
        stage.run(job, MemoryStore(), report)
    except LatentRelayError as error:
        tell({"error": type(error).__name__, "code": error.code, "detail": error.detail})
    else:
        images = [artifact.sha256 for artifact in report.artifacts if artifact.kind is ArtifactKind.IMAGE]
        tell({"images": images})


def tell(outcome: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(outcome) + "\n")


def used() -> int:
    """The address space of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
