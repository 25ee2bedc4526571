"""What a worker tells of itself beside its work."""

from latentrelay.contracts import StageName, WorkerState
from latentrelay.errors import DeviceBroken
from latentrelay.jobs import Workers, connect
from latentrelay.settings import Settings
from latentrelay.worker.meter import NoMeter
from latentrelay.worker.metering import Metering
from latentrelay.worker.presence import Presence
from tests.processes import until


def broken() -> int:
    raise DeviceBroken


def test_a_worker_whose_device_does_not_tell_its_memory_is_seen_all_the_same(settings: Settings) -> None:
    workers = Workers(connect(settings))
    presence = Presence(StageName.SDXL_BASE, workers, 3600, lambda _: None, metering=Metering(NoMeter()))
    presence.start()
    presence.ready({"name": "m"}, peak_bytes=1, memory=broken)
    until(lambda: [one.state for one in workers.list()] == [WorkerState.READY], "it is seen")
    (told,) = workers.list()
    assert (told.model, told.peak_bytes, told.memory_bytes) == ({"name": "m"}, 1, None)
    presence.leave()
