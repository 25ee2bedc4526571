"""The meter of a worker that tells Prometheus."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client.registry import Collector

from latentrelay.contracts import Artifact, ArtifactKind, Kind, Phase, StageName, WorkerState
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Claim
from latentrelay.metrics import Metric, worker
from latentrelay.metrics.instruments import Family, Instruments, family
from latentrelay.metrics.worker import Ending, Operation
from latentrelay.stage import Memory
from latentrelay.worker.doing import BusyTime

log = logging.getLogger(__name__)


class PrometheusMeter:
    """Counts in this process; what grows or changes by itself is looked up when somebody scrapes.

    Args:
        stage: the one that this worker runs.
        busy: for how long it has held jobs.
    """

    def __init__(self, stage: StageName, busy: BusyTime) -> None:
        made = Instruments(stage=stage)
        self.registry = made.registry
        self._stage = stage
        self._live = _Live(stage, busy)
        self.registry.register(self._live)
        self._ready = made.gauge(worker.WORKER_READY).labels(stage)
        self._load_seconds = made.gauge(worker.MODEL_LOAD_SECONDS).labels(stage)
        self._loaded = made.gauge(worker.MODEL_LOADED).labels(stage)
        self._held_since = made.gauge(worker.WORKER_CURRENT_JOB_START_TIMESTAMP_SECONDS).labels(stage)
        self._queued = made.histogram(worker.JOB_QUEUE_SECONDS).labels(stage)
        self._handed_on = made.histogram(worker.HANDOFF_SECONDS)
        self._phases = made.histogram(worker.STAGE_DURATION_SECONDS)
        self._batches = made.histogram(worker.BATCH_SIZE).labels(stage)
        self._steps = made.counter(worker.DENOISE_STEPS).labels(stage)
        self._images = made.counter(worker.IMAGES).labels(stage)
        self._out_of_memory = made.counter(worker.GPU_OOM).labels(stage)
        self._attempts = made.counter(worker.ATTEMPTS)
        for other in StageName:  # any worker finds those of all stages lost
            self._attempts.labels(other, Ending.LOST)
        self._durations = made.histogram(worker.JOB_DURATION_SECONDS)
        self._store_seconds = made.histogram(worker.STORAGE_OPERATION_SECONDS)
        self._store_errors = made.counter(worker.STORAGE_ERRORS)

    def became(self, state: WorkerState) -> None:
        """Tell whether it takes jobs."""
        self._ready.set(state.takes_jobs)

    def loaded(self, seconds: float, memory: Callable[[], Memory]) -> None:
        """Tell so, and look `memory` up from now on."""
        self._loaded.set(1)
        self._load_seconds.set(seconds)
        self.spent(Phase.LOAD, seconds)
        self._live.memory = memory

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Tell since when, and how long the job had waited."""
        waited = claim.timing.waited.total_seconds()
        self._queued.observe(waited)
        if claim.was_handed:
            self._handed_on.observe(waited)
        self._held_since.set(claim.timing.started_at.timestamp())
        try:
            yield
        finally:
            self._held_since.set(0)

    def drawing(self, images: int) -> None:
        """Count the batch."""
        self._batches.observe(images)

    def stepped(self, images: int) -> None:
        """Count the step of each image."""
        self._steps.inc(images)

    def spent(self, phase: Phase, seconds: float) -> None:
        """Count it by its phase."""
        self._phases.labels(self._stage, phase).observe(seconds)

    def made(self, artifact: Artifact) -> None:
        """Count images."""
        if artifact.kind is ArtifactKind.IMAGE:
            self._images.inc()

    def out_of_memory(self) -> None:
        """Count it."""
        self._out_of_memory.inc()

    def asked_store(self, operation: Operation, seconds: float, *, failed: bool) -> None:
        """Count it by its operation."""
        self._store_seconds.labels(operation).observe(seconds)
        self._store_errors.labels(operation).inc(failed)

    def ended(self, reason: Ending | ErrorCode) -> None:
        """Count it by its reason."""
        self._attempts.labels(self._stage, reason).inc()

    def succeeded(self, kind: Kind, seconds: float) -> None:
        """Count it by its kind."""
        self._durations.labels(kind).observe(seconds)

    def lost(self, stage: StageName) -> None:
        """Count it by its stage, whichever that is."""
        self._attempts.labels(stage, Ending.LOST).inc()


class _Live(Collector):
    """What is looked up at a scrape."""

    def __init__(self, stage: StageName, busy: BusyTime) -> None:
        self.memory: Callable[[], Memory] = Memory
        self._busy = busy
        self._stage = stage

    def collect(self) -> Iterable[Family]:
        """As it is now; a device that does not answer tells nothing of its memory."""
        yield self._told(worker.WORKER_BUSY_SECONDS, self._busy.seconds)
        try:
            memory = self.memory()
        except Exception as error:  # noqa: BLE001  # whatever a broken device raises
            log.warning("memory not told", extra={"error": type(error).__name__})
            return
        yield self._told(worker.GPU_MEMORY_ALLOCATED_BYTES, memory.allocated)
        yield self._told(worker.GPU_MEMORY_RESERVED_BYTES, memory.reserved)
        yield self._told(worker.GPU_MEMORY_PEAK_BYTES, memory.peak)

    def _told(self, metric: Metric, value: float) -> Family:
        return family(metric, [([self._stage], value)])
