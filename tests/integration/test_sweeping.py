"""The worker's sweeping thread, on the real servers."""

from datetime import datetime

from latentrelay import ImageSource, JobStatus, StageName, Variation, s3
from latentrelay.client import Client
from latentrelay.contracts import ArtifactKind, input_key
from latentrelay.errors import StorageUnavailable
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from latentrelay.sweeper import Sweeper
from latentrelay.worker.sweeping import Sweeping
from tests.processes import WorkerProcesses, until

SWIFT: dict[str, float] = {"sweep_seconds": 0.05, "inputs_seconds": 0}


def test_a_worker_sweeps_by_itself_and_sees_to_the_rules_of_the_bucket(client: Client, settings: Settings) -> None:
    store = S3Store.connect(settings.model_copy(update={"images_seconds": 400 * 86_400}))
    assert store.lacking_rules() == (ArtifactKind.IMAGE,)
    upload = client.upload(b"pixels")
    wanted = settings.model_copy(update=SWIFT | {"images_seconds": 400 * 86_400})
    sweeping = Sweeping.of(connect(settings), wanted, "w1")
    sweeping.start()
    until(lambda: not store.exists(input_key(upload)), "the upload is swept")
    sweeping.stop()
    assert store.lacking_rules() == ()


def test_sweeping_goes_on_after_the_store_was_away(client: Client, settings: Settings, store: S3Store) -> None:
    class Away(S3Store):
        """A real store that fails at first."""

        failures = 3

        def now(self) -> datetime:
            self.failures -= 1
            if self.failures >= 0:
                raise StorageUnavailable
            return super().now()

    away = Away.connect(settings)
    sweeper = Sweeper.of(connect(settings), away, settings.model_copy(update=SWIFT))
    sweeping = Sweeping(away, sweeper, "w1", SWIFT["sweep_seconds"])
    sweeping.start()
    until(lambda: away.failures < 0, "the store has failed")
    upload = client.upload(b"pixels")
    until(lambda: not store.exists(input_key(upload)), "the upload is swept")
    sweeping.stop()


def test_a_bucket_is_made_once_the_store_is_back(settings: Settings) -> None:
    class Away(S3Store):
        """A real store that makes no bucket at first."""

        failures = 3

        def make_bucket(self) -> None:
            self.failures -= 1
            if self.failures >= 0:
                raise StorageUnavailable
            super().make_bucket()

    away = Away.connect(settings)
    sweeping = Sweeping(away, Sweeper.of(connect(settings), away, settings), "w1", SWIFT["sweep_seconds"])
    sweeping.start()
    until(lambda: has_bucket(settings), "the bucket is made")
    until(lambda: away.lacking_rules() == (), "it has its rules")
    sweeping.stop()


def has_bucket(settings: Settings) -> bool:
    return bool(s3.connect(settings).bucket_exists(settings.s3_bucket))


def test_a_real_worker_leaves_no_object_of_a_canceled_job(
    client: Client, store: S3Store, processes: WorkerProcesses
) -> None:
    image = ImageSource(data_uri="data:image/png;base64,AAAA")
    job = client.submit(Variation(image=image, metadata={"steps": "1000", "step_seconds": "0.05"}))
    stage = StageName.UNCLIP_VARIATION
    processes.start("tests.echo.worker", stage, ECHO_STAGE=stage, LATENTRELAY_SWEEP_SECONDS="0.2")
    until(lambda: client.get(job.id).status is JobStatus.RUNNING, "the job runs")
    client.cancel(job.id)
    until(lambda: not [*store.under("inputs/")], "its input is swept")
    assert client.get(job.id).status is JobStatus.CANCELED
