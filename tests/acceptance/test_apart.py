"""Base and refiner as processes that are started and stopped apart."""

import pytest

from latentrelay import JobStatus, StageName, TextToImage
from latentrelay.contracts import ArtifactKind
from latentrelay.errors import ErrorCode
from latentrelay.jobs import connect
from latentrelay.latents import unpack
from latentrelay.storage import S3Store
from tests.acceptance.stack import Stack
from tests.processes import START_SECONDS, until

PROMPT = "a lighthouse on a cliff at dawn"
BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER


def test_latents_wait_in_the_store_for_a_refiner_that_is_away_and_one_that_was_changed_there_is_refused(
    bare_stack: Stack, store: S3Store
) -> None:
    client = bare_stack.client
    bare_stack.start(BASE)
    jobs = [client.submit(TextToImage(prompt=PROMPT, seed=n, num_inference_steps=5)) for n in range(3)]
    until(lambda: all(client.get(job.id).stage is REFINER for job in jobs), "the base has done its part")
    kept = [client.get(job.id).made(ArtifactKind.LATENTS)[0] for job in jobs]
    manifests = [unpack(store.get(latents)).manifest for latents in kept]
    assert [(manifest.switch_at, manifest.seed) for manifest in manifests] == [(0.8, 0), (0.8, 1), (0.8, 2)]
    changed = bytearray(store.get(kept[2]))
    changed[-1] ^= 1
    store.put(kept[2], bytes(changed))

    bare_stack.start(REFINER)
    ended = [client.wait(job.id, timeout=START_SECONDS) for job in jobs]
    assert [job.status for job in ended] == [JobStatus.SUCCEEDED, JobStatus.SUCCEEDED, JobStatus.FAILED]
    assert ended[2].error is not None
    assert (ended[2].error.code, ended[2].error.retryable) == (ErrorCode.CONFLICT, False)
    assert client.download(jobs[0].id) != client.download(jobs[1].id)


@pytest.mark.parametrize(("folder", "said"), [("sdxl_refiner", "SDXL refiner"), ("nowhere", "nowhere")])
def test_a_base_worker_without_a_base_model_says_so_and_takes_no_message(
    bare_stack: Stack, folder: str, said: str
) -> None:
    bare_stack.client.submit(TextToImage(prompt=PROMPT))
    model = str(bare_stack.models / folder)
    worker = bare_stack.processes.start("services.sdxl_base.worker", BASE, LATENTRELAY_SDXL_BASE_MODEL=model)
    assert worker.wait(START_SECONDS) == 78
    assert said in bare_stack.processes.logs()
    assert connect(bare_stack.settings).llen(BASE) == 1
