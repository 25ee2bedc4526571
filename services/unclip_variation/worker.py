"""The variation worker: `celery -A services.unclip_variation.worker worker`."""

from functools import partial

from latentrelay.contracts import StageName
from latentrelay.settings import Settings
from latentrelay.worker import stage_worker
from services.diffusion.folder import ModelFolder, resolve_model
from services.unclip_variation.stage import UnclipVariationStage


def check(settings: Settings) -> ModelFolder:
    """The model folder, known to be whole and of the right kind."""
    model, revision = settings.unclip_model, settings.unclip_revision
    return resolve_model(
        model, revision=revision, variant=settings.model_variant, pipeline_class="StableUnCLIPImg2ImgPipeline"
    )


def build(settings: Settings, folder: ModelFolder) -> UnclipVariationStage:
    """The stage, in the process that draws."""
    from services.unclip_variation.pipeline import UnclipVariationPipeline  # noqa: PLC0415  # torch must not live in the parent

    return UnclipVariationStage(partial(UnclipVariationPipeline.load, folder, settings), settings)


app = stage_worker(StageName.UNCLIP_VARIATION, check=check, build=build)
