"""The refiner worker: `celery -A services.sdxl_refiner.worker worker`."""

from functools import partial

from latentrelay.contracts import StageName
from latentrelay.settings import Settings
from latentrelay.worker import stage_worker
from services.diffusion.folder import ModelFolder, resolve_model
from services.sdxl_refiner.stage import SdxlRefinerStage


def check(settings: Settings) -> ModelFolder:
    """The model folder, known to be whole and of the right kind."""
    model, revision = settings.sdxl_refiner_model, settings.sdxl_refiner_revision
    return resolve_model(
        model, revision=revision, variant=settings.model_variant, pipeline_class="StableDiffusionXLImg2ImgPipeline"
    )


def build(settings: Settings, folder: ModelFolder) -> SdxlRefinerStage:
    """The stage, in the process that draws."""
    from services.sdxl_refiner.pipeline import SdxlRefinerPipeline  # noqa: PLC0415  # torch must not live in the parent

    return SdxlRefinerStage(partial(SdxlRefinerPipeline.load, folder, settings), settings)


app = stage_worker(StageName.SDXL_REFINER, check=check, build=build)
