"""What a stage worker tells: its pool process, which has the model. Each knows one stage, and tells that alone."""

from enum import StrEnum

from latentrelay.contracts import Kind, Phase, StageName
from latentrelay.errors import ErrorCode
from latentrelay.metrics.metric import Label, Metric, MetricType, Teller


class Ending(StrEnum):
    """How an attempt ended that no error ended."""

    DONE = "done"
    HANDED_BACK = "handed_back"
    """Its worker had to end; it is not counted among the attempts of the job."""
    LOST = "lost"
    """Its lease ran out; told by the worker that found it so."""


class Operation(StrEnum):
    """What a stage asks of the store."""

    PUT = "put"
    GET = "get"
    HAS = "has"


QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WORKING = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120, 300, 900)
WAITING = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600)
_WORKER = (Teller.WORKER,)
_STAGE = Label.of("stage", StageName)
_OPERATION = Label.of("operation", Operation)
_COUNTER, _GAUGE, _HISTOGRAM = MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM

STAGE_DURATION_SECONDS = Metric(
    "stage_duration_seconds",
    _HISTOGRAM,
    "Each time that a stage was in a phase, without what it spent in another meanwhile; `load` once for each process.",
    _WORKER,
    (_STAGE, Label.of("phase", Phase)),
    WORKING,
)
HANDOFF_SECONDS = Metric(
    "handoff_seconds",
    _HISTOGRAM,
    "From the commit of one stage to the claim of the next, by the clock of Redis; first attempts alone.",
    _WORKER,
    buckets=WAITING,
)
JOB_QUEUE_SECONDS = Metric(
    "job_queue_seconds",
    _HISTOGRAM,
    "From waiting for a stage to its claim, by the clock of Redis, of every attempt.",
    _WORKER,
    (_STAGE,),
    WAITING,
)
JOB_DURATION_SECONDS = Metric(
    "job_duration_seconds",
    _HISTOGRAM,
    "From the submission of a job to its success, told by the worker that did its last stage.",
    _WORKER,
    (Label.of("kind", Kind),),
    WAITING,
)
DENOISE_STEPS = Metric(
    "denoise_steps_total",
    _COUNTER,
    "Denoising steps, told while they are done; a step of four images counts four.",
    _WORKER,
    (_STAGE,),
)
BATCH_SIZE = Metric(
    "batch_size", _HISTOGRAM, "Images that are denoised together.", _WORKER, (_STAGE,), (1, 2, 3, 4, 5, 6, 7, 8)
)
IMAGES = Metric(
    "images_total", _COUNTER, "Image files that were stored, of attempts that did not count, too.", _WORKER, (_STAGE,)
)
ATTEMPTS = Metric(
    "attempts_total",
    _COUNTER,
    "Attempts of a stage that have ended, by the reason: done, handed_back, lost, or the code of the error.",
    _WORKER,
    (_STAGE, Label.of("reason", Ending, ErrorCode)),
)
MODEL_LOAD_SECONDS = Metric(
    "model_load_seconds", _GAUGE, "How long the model took to load; 0 until it is.", _WORKER, (_STAGE,)
)
MODEL_LOADED = Metric("model_loaded", _GAUGE, "1 once the model is loaded, else 0.", _WORKER, (_STAGE,))
GPU_OOM = Metric(
    "gpu_oom_total",
    _COUNTER,
    "Times that the device had too little memory for what was tried; less at once may have fitted.",
    _WORKER,
    (_STAGE,),
)
GPU_MEMORY_ALLOCATED_BYTES = Metric(
    "gpu_memory_allocated_bytes",
    _GAUGE,
    "Memory of the device that tensors hold now; 0 where it has none of its own.",
    _WORKER,
    (_STAGE,),
)
GPU_MEMORY_RESERVED_BYTES = Metric(
    "gpu_memory_reserved_bytes",
    _GAUGE,
    "Memory of the device that the process holds now, used or kept; 0 where it has none of its own.",
    _WORKER,
    (_STAGE,),
)
GPU_MEMORY_PEAK_BYTES = Metric(
    "gpu_memory_peak_bytes",
    _GAUGE,
    "The most memory of the device that the process has held; 0 where it has none of its own.",
    _WORKER,
    (_STAGE,),
)
WORKER_READY = Metric(
    "worker_ready", _GAUGE, "1 while the worker has its model and takes jobs, else 0.", _WORKER, (_STAGE,)
)
WORKER_CURRENT_JOB_START_TIMESTAMP_SECONDS = Metric(
    "worker_current_job_start_timestamp_seconds",
    _GAUGE,
    "When the job that it holds was claimed, by the clock of Redis, in seconds since 1970; 0 while it holds none.",
    _WORKER,
    (_STAGE,),
)
WORKER_BUSY_SECONDS = Metric(
    "worker_busy_seconds_total",
    _COUNTER,
    "Seconds in which it held a job, growing while it does.",
    _WORKER,
    (_STAGE,),
)
STORAGE_OPERATION_SECONDS = Metric(
    "storage_operation_seconds",
    _HISTOGRAM,
    "What each try of the store took, whatever came of it.",
    _WORKER,
    (_OPERATION,),
    QUICK,
)
STORAGE_ERRORS = Metric(
    "storage_errors_total",
    _COUNTER,
    "Tries of the store that did not do what was asked: it was away, refused, or had lost or spoiled the object.",
    _WORKER,
    (_OPERATION,),
)

WORKER = (
    STAGE_DURATION_SECONDS,
    HANDOFF_SECONDS,
    JOB_QUEUE_SECONDS,
    JOB_DURATION_SECONDS,
    DENOISE_STEPS,
    BATCH_SIZE,
    IMAGES,
    ATTEMPTS,
    MODEL_LOAD_SECONDS,
    MODEL_LOADED,
    GPU_OOM,
    GPU_MEMORY_ALLOCATED_BYTES,
    GPU_MEMORY_RESERVED_BYTES,
    GPU_MEMORY_PEAK_BYTES,
    WORKER_READY,
    WORKER_CURRENT_JOB_START_TIMESTAMP_SECONDS,
    WORKER_BUSY_SECONDS,
    STORAGE_OPERATION_SECONDS,
    STORAGE_ERRORS,
)
