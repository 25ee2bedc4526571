"""What the stages spend their time on, with real pipelines."""

from latentrelay.contracts import ImageSource, Phase, StageName, Variation
from tests.faithful.running import Bench, job_of, photo, text_to_image


def test_every_stage_encodes_its_prompts_in_a_phase_of_their_own_and_leaves_the_pipeline_as_it_was(
    bench: Bench,
) -> None:
    relay = job_of(text_to_image())
    for stage in (StageName.SDXL_BASE, StageName.SDXL_REFINER):
        relay = bench.run_stage(relay, stage)
        assert (bench.report.phases[Phase.ENCODE_PROMPT], bench.report.phases[Phase.DENOISE]) == (1, 1)
        assert bench.report.batches == [1]
    request = Variation(image=ImageSource(upload_id="u"), seed=11, num_inference_steps=2)
    bench.run(request, bench.upload(photo()))
    assert bench.report.phases[Phase.ENCODE_PROMPT] == 1
    pipelines = bench.pipelines
    for pipeline in (pipelines.base, pipelines.refiner, pipelines.unclip):
        assert "encode_prompt" not in vars(pipeline._loaded.pipe)
