"""Less and less at once, on a device that is small and says so."""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    ImageSource,
    Job,
    JobStatus,
    Kind,
    StageName,
    Variation,
)
from latentrelay.errors import DoesNotFit, OutOfMemory
from latentrelay.images import encode_image
from latentrelay.settings import Settings
from latentrelay.testing import MemoryReport, MemoryStore
from services.diffusion.arrays import LatentArray, PixelArray
from services.diffusion.fitting import Fit, Size, less, refusal
from services.diffusion.workbench import OnStep
from services.unclip_variation.stage import UnclipVariationStage

PROMPT = "nobody else shall read this"
TILE = 64 * 64


@dataclass
class SmallDevice:
    """A pipeline whose device holds so many pixels: of the images denoised at once, of one image or tile decoded."""

    denoises: int
    decodes: int = 10**9
    default_size: int = 128
    tiles: bool = False
    tried: list[Any] = field(default_factory=list)

    def denoise(
        self,
        arguments: Mapping[str, Any],
        *,
        seeds: Sequence[int],
        on_step: OnStep,
        **_others: object,
    ) -> LatentArray:
        width, height = arguments["width"] or self.default_size, arguments["height"] or self.default_size
        self.tried.append([seed - 7 for seed in seeds])
        if width * height * len(seeds) > self.denoises:
            raise OutOfMemory
        on_step(1, 1)
        latents = np.asarray(seeds, np.float32)[:, None, None, None]
        return np.broadcast_to(latents, (len(seeds), 4, height // 8, width // 8))

    def decode(self, latents: LatentArray) -> PixelArray:
        images, _, height, width = latents.shape
        self.tried.append("tiles" if self.tiles else "decode")
        if (TILE if self.tiles else height * width * 64) > self.decodes:
            raise OutOfMemory
        return np.full((images, height * 8, width * 8, 3), latents[0, 0, 0, 0], np.uint8)

    def peak_bytes(self) -> int:
        return self.denoises

    def empty_caches(self) -> None:
        self.tried.append("empty")

    @contextmanager
    def tiled(self) -> Iterator[None]:
        self.tiles, before = True, self.tiles
        yield
        self.tiles = before

    def memory_bytes(self) -> int:
        return 0

    def probe(self) -> None:
        pass

    def describe(self) -> Mapping[str, str]:
        return {"model": "none", "revision": "0"}


@dataclass
class Worker:
    """A process with a stage: what it draws is in `store`."""

    device: SmallDevice
    batch: int = 1
    store: MemoryStore = field(default_factory=MemoryStore)
    report: MemoryReport = field(default_factory=MemoryReport)

    def __post_init__(self) -> None:
        self.stage = UnclipVariationStage(lambda: self.device, Settings(max_batch_size=self.batch))
        self.stage.setup()

    def draw(self, count: int = 1, side: int | None = None) -> list[int]:
        """The images drawn, by index."""
        self.device.tried.clear()
        self.report = MemoryReport()
        self.stage.run(job_of(self.store, count, side), self.store, self.report)
        return [artifact.index for artifact in self.report.artifacts]


def job_of(store: MemoryStore, count: int, side: int | None) -> Job:
    source = ImageSource(upload_id="u")
    size = {"width": side, "height": side}
    request = Variation(image=source, prompt=PROMPT, seed=7, num_images_per_prompt=count, **size)
    given = encode_image(np.zeros((64, 64, 3), np.uint8), request.output, None)
    upload = Artifact(
        kind=ArtifactKind.INPUT, key="u", sha256=sha256(given).hexdigest(), bytes=len(given), media_type="image/png"
    )
    store.put(upload, given)
    return Job(
        id="j",
        kind=Kind.VARIATION,
        status=JobStatus.RUNNING,
        stage=StageName.UNCLIP_VARIATION,
        sequence=1,
        attempt=1,
        created_at=datetime.now(UTC),
        request=request,
        inputs=(upload,),
    )


def test_a_job_that_fits_is_drawn_as_the_settings_say() -> None:
    worker = Worker(SmallDevice(denoises=2 * 128 * 128), batch=2)
    assert worker.draw(3) == [0, 1, 2]
    assert worker.device.tried == [[0, 1], "decode", "decode", [2], "decode"]


def test_a_batch_that_does_not_fit_is_halved_down_to_one_which_holds_for_the_rest_of_the_job() -> None:
    worker = Worker(SmallDevice(denoises=128 * 128), batch=4)
    assert worker.draw(6) == [0, 1, 2, 3, 4, 5]
    once = [[0, 1, 2, 3], "empty", [0, 1], "empty", [0], "decode", [1], "decode"]
    assert worker.device.tried == [*once, *(then for index in (2, 3, 4, 5) for then in ([index], "decode"))]
    assert worker.report.steps == [(index, 6) for index in range(1, 7)]
    worker.draw(2)
    assert worker.device.tried[0] == [0, 1], "the next job begins as the settings say"


def test_an_image_that_cannot_be_decoded_whole_is_decoded_in_tiles_and_not_denoised_again() -> None:
    worker = Worker(SmallDevice(denoises=10**9, decodes=TILE), batch=2)
    assert worker.draw(3) == [0, 1, 2]
    assert worker.device.tried == [[0, 1], "decode", "empty", "tiles", "tiles", [2], "tiles"]


def test_tiles_are_for_one_job_alone() -> None:
    worker = Worker(SmallDevice(denoises=10**9, decodes=TILE))
    worker.draw()
    assert not worker.device.tiles
    worker.draw(side=64)
    assert worker.device.tried == [[0], "decode"]
    worker.device.decodes = 0
    with pytest.raises(OutOfMemory):
        worker.draw(side=64)
    assert not worker.device.tiles, "nor does a job that failed leave them on"


def test_tiles_that_the_settings_ask_for_stay() -> None:
    worker = Worker(SmallDevice(denoises=10**9, decodes=0, tiles=True))
    with pytest.raises(DoesNotFit):
        worker.draw()
    assert worker.device.tiles


def test_what_fits_in_no_way_is_refused_with_what_was_tried_and_what_may_fit() -> None:
    worker = Worker(SmallDevice(denoises=1000 * 1000), batch=2)
    with pytest.raises(DoesNotFit) as refused:
        worker.draw(2, side=1024)
    assert worker.device.tried == [[0, 1], "empty", [0], "empty", [0], "empty"]
    assert refused.value.detail == (
        "1024 x 1024 does not fit into the memory of this device; "
        "tried with emptied caches, one image at a time, the VAE in tiles. "
        "Half the pixels, like 720 x 720, may fit."
    )
    worker.draw(side=960)
    with pytest.raises(DoesNotFit, match=r"in tiles\. Up to 960 x 960 was drawn here so far\.$") as refused:
        worker.draw(side=1024)
    assert PROMPT not in str(refused.value)


def test_images_that_were_stored_before_the_memory_ran_out_are_told() -> None:
    worker = Worker(SmallDevice(denoises=10**9))
    device = worker.device

    class Filling(MemoryReport):
        def made(self, artifact: Artifact) -> None:
            super().made(artifact)
            device.denoises = 0

    worker.report = Filling()
    job = job_of(worker.store, 3, None)
    with pytest.raises(DoesNotFit):
        worker.stage.run(job, worker.store, worker.report)
    assert [artifact.index for artifact in worker.report.artifacts] == [0]


def test_the_tensors_of_a_try_that_failed_are_gone_before_the_next() -> None:
    alive: list[bool] = []

    class Tensor:
        """Something large, which a frame of the traceback holds."""

    class Holding(SmallDevice):
        def decode(self, latents: LatentArray) -> PixelArray:
            held = Tensor()
            self.held = weakref.ref(held)
            return super().decode(latents)

        def empty_caches(self) -> None:
            alive.append(self.held() is not None)

    Worker(Holding(denoises=10**9, decodes=TILE)).draw()
    assert alive == [False]


@pytest.mark.parametrize(
    ("fit", "images", "expected"),
    [
        (Fit(8), 8, Fit(4)),
        (Fit(8), 3, Fit(1)),
        (Fit(1), 1, Fit(1, tiles=True)),
        (Fit(4), 1, Fit(4, tiles=True)),
        (Fit(2, tiles=True), 2, Fit(1, tiles=True)),
        (Fit(1, tiles=True), 1, None),
    ],
)
def test_after_a_batch_comes_half_of_it_then_tiles_then_nothing(fit: Fit, images: int, expected: Fit | None) -> None:
    assert less(fit, images) == expected


def test_a_size_that_was_drawn_before_may_be_drawn_again() -> None:
    assert isinstance(refusal(Size(512, 768), Size(768, 512)), OutOfMemory)
    assert isinstance(refusal(Size(512, 776), Size(768, 512)), DoesNotFit)
    assert "Up to 64 x 64 was drawn here so far. Half the pixels, like 720 x 448, may fit." in str(
        refusal(Size(1024, 640), Size(64, 64))
    )
