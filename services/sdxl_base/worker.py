"""The base worker: `celery -A services.sdxl_base.worker worker`."""

from functools import partial

from latentrelay.contracts import StageName
from latentrelay.settings import Settings
from latentrelay.worker import stage_worker
from services.diffusion.folder import ModelFolder, resolve_model
from services.sdxl_base.stage import SdxlBaseStage


def check(settings: Settings) -> ModelFolder:
    """The model folder, known to be whole and of the right kind."""
    model, revision = settings.sdxl_base_model, settings.sdxl_base_revision
    return resolve_model(
        model, revision=revision, variant=settings.model_variant, pipeline_class="StableDiffusionXLPipeline"
    )


def build(settings: Settings, folder: ModelFolder) -> SdxlBaseStage:
    """The stage, in the process that draws."""
    from services.sdxl_base.pipeline import SdxlBasePipeline  # noqa: PLC0415  # torch must not live in the parent

    return SdxlBaseStage(partial(SdxlBasePipeline.load, folder, settings), settings)


app = stage_worker(StageName.SDXL_BASE, check=check, build=build)
