"""Every environment variable. `.env.example` is generated from this file (`make pages`)."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Dtype(StrEnum):
    """Precision of the models; `auto` is float16 on CUDA and float32 elsewhere."""

    AUTO = "auto"
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class CpuOffload(StrEnum):
    """Where weights rest between uses: slower, less device memory."""

    NONE = "none"
    MODEL = "model"
    SEQUENTIAL = "sequential"


class Links(StrEnum):
    """Where links to images lead."""

    STORE = "store"
    GATEWAY = "gateway"


class Settings(BaseSettings):
    """Settings of every process, read from `LATENTRELAY_*` and from a file .env in the working folder."""

    model_config = SettingsConfigDict(
        env_prefix="LATENTRELAY_",
        env_file=".env",
        extra="ignore",  # .env may hold other programs' variables
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    redis_url: SecretStr | None = None
    """redis://:password@host:6379/0 or sentinel://:password@host:26379,host2:26379/name. Unset: the embedded stack."""
    redis_replicas: int = Field(0, ge=0)
    """A submission, a cancellation and a commit are answered once so many replicas have them."""
    tenant: str = Field("default", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """On whose behalf a client submits: tenants take turns."""
    s3_endpoint: str | None = None
    """S3 endpoint, e.g. http://minio:9000. Unset: the embedded stack."""
    s3_public_endpoint: str | None = None
    """What links are signed for, where outsiders reach the store by another name. Unset: s3_endpoint."""
    s3_access_key: str = ""
    """S3 access key."""
    s3_secret_key: SecretStr = SecretStr("")
    """S3 secret key."""
    s3_bucket: str = "latentrelay"
    """Bucket of all artifacts; created when missing."""
    s3_region: str = "us-east-1"
    """S3 region."""
    data_dir: Path = Path("~/.local/share/latentrelay")
    """Where the embedded stack keeps its data, and where clients find it."""

    sdxl_base_model: str = "stabilityai/stable-diffusion-xl-base-1.0"
    """Folder or hub id of the SDXL base."""
    sdxl_base_revision: str | None = None
    """Hub revision of the SDXL base."""
    sdxl_refiner_model: str = "stabilityai/stable-diffusion-xl-refiner-1.0"
    """Folder or hub id of the SDXL refiner."""
    sdxl_refiner_revision: str | None = None
    """Hub revision of the SDXL refiner."""
    unclip_model: str = "sd2-community/stable-diffusion-2-1-unclip"
    """Folder or hub id of Stable unCLIP; the original repository was withdrawn, this is a community mirror."""
    unclip_revision: str | None = None
    """Hub revision of Stable unCLIP."""
    model_variant: str | None = None
    """Weights variant, e.g. fp16."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps; auto takes CUDA, then MPS, then the CPU."""
    dtype: Dtype = Dtype.AUTO
    """Precision of the models."""
    vae_tiling: bool = False
    """Decode large images in tiles: less memory."""
    vae_slicing: bool = False
    """Decode batches image by image: less memory."""
    cpu_offload: CpuOffload = CpuOffload.NONE
    """Keep weights in main memory between uses."""
    max_batch_size: int = Field(1, ge=1, le=8)
    """Images of one job drawn together. 1 is bitwise repeatable; more is within 1e-5."""
    preview_steps: int = Field(5, ge=0)
    """A small picture of the latents is told every so many steps; 0: none is."""
    torch_threads: int = Field(0, ge=0)
    """CPU threads of a stage process; 0 leaves the choice to torch."""

    max_input_bytes: int = Field(20 * 1024 * 1024, ge=1)
    """Largest input image file."""
    max_input_pixels: int = Field(40_000_000, ge=1)
    """Largest input image, checked before it is decoded."""
    allowed_hosts: frozenset[str] = frozenset()
    """Internal hosts that image URLs may name (a JSON list of exact host names)."""
    allowed_cidrs: frozenset[str] = frozenset()
    """Internal networks that image URLs may reach (a JSON list)."""

    max_attempts: int = Field(3, ge=1)
    """Attempts of a stage before the job fails."""
    lease_seconds: float = Field(10, gt=0)
    """A worker that is silent for so long has lost its job."""
    reap_seconds: float = Field(2, gt=0)
    """How often lost jobs and lost messages are looked for."""
    stall_seconds: float = Field(900, gt=0)
    """A stage process that shows no sign of life for so long, in a step or a decoding, is replaced."""
    drain_seconds: float = Field(300, ge=0)
    """How long a worker that is told to end goes on with its job before it hands it back."""
    max_failures_in_a_row: int = Field(3, ge=1)
    """A worker that fails so many jobs in a row while others succeed takes itself out."""
    recycle_after_jobs: int = Field(0, ge=0)
    """A stage process is replaced after so many jobs; 0: never."""
    recycle_after_growth_mb: int = Field(0, ge=0)
    """A stage process is replaced when it has grown by so much since its model was loaded; 0: never."""
    worker_pulse: Path | None = None
    """A file in which a worker tells every few seconds how it is, for health checks beside it. Unset: in none."""

    max_live_jobs: int = Field(100_000, ge=1)
    """Jobs that have not ended, from which on no more are taken."""
    max_live_jobs_per_tenant: int = Field(20_000, ge=1)
    """The same, of one tenant."""
    max_waiting_for_refiner: int = Field(200, ge=1)
    """Jobs whose latents wait for the refiner, from which on the base is fed no more of them."""
    aging_seconds: float = Field(300, ge=0)
    """A job that has waited so much longer goes before those of the next better priority, every other time."""

    max_job_seconds: float = Field(7 * 86_400, gt=0)
    """No job lives longer, counted from its submission: the deadline of one without an earlier one of its own."""
    latents_seconds: float = Field(86_400, ge=0)
    """How long latents are kept after their job has ended."""
    inputs_seconds: float = Field(7 * 86_400, ge=0)
    """How long uploads are kept; longer while a job reads them."""
    images_seconds: float = Field(30 * 86_400, ge=0)
    """How long images are kept after their job has ended."""
    records_seconds: float = Field(30 * 86_400, ge=0)
    """How long records of ended jobs are kept, with all that is left of their objects."""
    orphan_seconds: float = Field(3600, ge=0)
    """Objects that no record names are removed when they are so old."""
    sweep_seconds: float = Field(60, gt=0)
    """How often objects and records are looked for that may go."""

    worker_metrics_host: str = "127.0.0.1"
    """The address at which a worker tells its metrics; of all of a machine, it is found there by the machine's name."""
    worker_metrics_port: int = Field(9102, ge=0, le=65535)
    """Its port; where that is taken, as by another worker, one of the next 63; 0: they are not told."""

    gateway_host: str = "127.0.0.1"
    """The address that the HTTP gateway listens at; one beyond this machine needs an API key first."""
    gateway_port: int = Field(8000, ge=0, le=65535)
    """Its port; 0 takes a free one."""
    gateway_one_core: bool = True
    """Whether its process keeps to one core, where its threads hand Python's lock over sooner (Linux)."""
    links: Links = Links.STORE
    """Where links to images lead: `store`, or `gateway` where clients cannot reach the store; `up` knows by itself."""
    ready_stages: frozenset[str] = frozenset()
    """Stages that need a ready worker before the gateway calls itself ready (a JSON list); `up` names those it runs."""
    body_idle_seconds: float = Field(15, gt=0)
    """A request whose body stops coming for so long is given up."""
    body_seconds: float = Field(120, gt=0)
    """A request whose whole body takes longer is given up."""
    ping_seconds: float = Field(15, gt=0)
    """An event stream that is silent for so long says that it is alive."""
    reader_seconds: float = Field(60, gt=0)
    """Who takes nothing of what is streamed for so long is left."""
    max_wait_seconds: float = Field(60, ge=0)
    """The longest that `Prefer: wait` holds an answer back."""
    images_wait_seconds: float = Field(570, gt=0)
    """The longest that a call of OpenAI's Images API waits for its images; OpenAI's own client gives up after 600."""

    webhook_key: SecretStr | None = None
    """Seals the secrets of webhook endpoints: 32 characters or more; of several, by commas, the first one seals."""
    webhook_allowed_hosts: frozenset[str] = frozenset()
    """Internal hosts that webhooks may be sent to (a JSON list of exact host names)."""
    webhook_allowed_cidrs: frozenset[str] = frozenset()
    """Internal networks that webhooks may reach (a JSON list)."""
    webhook_any_url: bool = False
    """Whether a tenant without a registered endpoint may name any URL as a job's webhook."""
    webhook_deliverers: int = Field(64, ge=1, le=512)
    """Webhooks that one process sends at once."""
    webhook_seconds: float = Field(15, gt=0)
    """An attempt that takes longer in all has failed."""
    webhook_connect_seconds: float = Field(5, gt=0)
    """An attempt that is not connected by then has failed."""
    webhook_schedule_seconds: tuple[float, ...] = (0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000)
    """The pause before each try of a message (a JSON list); there are no more tries than pauses."""
    webhook_circuit_seconds: float = Field(30, gt=0)
    """An endpoint that failed 5 times in a row is spared for so long; each time twice as long, up to an hour."""
    webhook_disable_seconds: float = Field(5 * 86_400, gt=0)
    """An endpoint that did nothing but fail for so long is disabled."""
    webhook_rotation_seconds: float = Field(86_400, ge=0)
    """How long the old secret of an endpoint signs beside the new one."""
    webhook_message_seconds: float = Field(7 * 86_400, gt=0)
    """How long messages and their attempts are kept, delivered or not."""
    webhook_metrics_host: str = "127.0.0.1"
    """The address at which the sender of webhooks tells its metrics."""
    webhook_metrics_port: int = Field(9101, ge=0, le=65535)
    """Its port; 0: they are not told."""

    url: str = "http://127.0.0.1:8000"
    """The gateway that HTTP clients ask."""
    api_key: SecretStr | None = None
    """The API key that they bring."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING, ERROR."""
    otlp_endpoint: str | None = Field(None, pattern=r"^(https?://[^\s@?#]+)?$")
    """The OpenTelemetry collector that traces of jobs are told to, like http://collector:4318. Unset: none are."""

    @property
    def renew_seconds(self) -> float:
        """How often a lease is renewed, and a cancellation learned of."""
        return min(self.lease_seconds / 5, 0.5)

    @property
    def connected(self) -> bool:
        """Whether servers are configured."""
        return self.redis_url is not None and self.s3_endpoint is not None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.redis_url is None) != (self.s3_endpoint is None):
            raise ValueError("set both LATENTRELAY_REDIS_URL and LATENTRELAY_S3_ENDPOINT, or neither")
        return self


def unusable(error: ValidationError) -> Iterator[str]:
    """What is wrong with the environment, a line for each variable; no value is repeated."""
    for found in error.errors(include_url=False, include_input=False):
        name = "_".join(map(str, found["loc"])).upper()
        told = str(found["msg"]).removeprefix("Value error, ")
        yield f"LATENTRELAY_{name}: {told}" if name else told
