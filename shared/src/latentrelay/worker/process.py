"""The pool process of a stage worker: it loads the model, then works on one hint at a time."""

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from celery import Celery

from latentrelay.contracts import StageName
from latentrelay.errors import DeviceBroken, LatentRelayError, ModelUnavailable
from latentrelay.hints import Hints
from latentrelay.jobs import Backlog, Claims, RedisClient, Workers, connect
from latentrelay.memory import resident_bytes
from latentrelay.settings import Settings
from latentrelay.stage import Stage
from latentrelay.storage import S3Store
from latentrelay.tracing import NULL, Tracer, tracer_of
from latentrelay.worker import watchdog
from latentrelay.worker.drain import Drain, heed_signals
from latentrelay.worker.gate import Door
from latentrelay.worker.health import Health
from latentrelay.worker.lease import Stall
from latentrelay.worker.meter import Meter
from latentrelay.worker.metered_store import MeteredStore
from latentrelay.worker.metering import Metering
from latentrelay.worker.presence import Presence
from latentrelay.worker.reaper import Reaper
from latentrelay.worker.recycle import Allowance, Wear
from latentrelay.worker.runner import Runner
from latentrelay.worker.sweeping import Sweeping
from latentrelay.worker.watchdog import Bark, Watchdog

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Loaded:
    """What works once the model is loaded."""

    runner: Runner
    watchdog: Watchdog
    wear: Wear


class StageProcess:
    """Composes what one process needs, after the fork: connections and threads do not survive it."""

    def __init__(
        self,
        name: StageName,
        settings: Settings,
        app: Celery,
        *,
        door: Door,
        drain: Drain,
        build: Callable[[], Stage],
        stuck_seconds: float,
    ) -> None:
        self._name = name
        self._settings = settings
        self._app = app
        self._door = door
        self._drain = drain
        self._build = build
        self._stuck_seconds = stuck_seconds
        self._loaded: _Loaded | None = None
        self._presence: Presence | None = None
        self._sweeping: Sweeping | None = None
        self._tracer: Tracer = NULL

    def start(self, **_: object) -> None:
        """Load the model; where that fails, say why and end with an exit code of its own."""
        heed_signals(self._drain, is_loading=lambda: self._loaded is None)
        try:
            self._load()
        except Exception as error:  # noqa: BLE001  # whatever keeps it from starting, the worker must not take jobs
            detail = error.detail if isinstance(error, LatentRelayError) else f"{type(error).__name__}: {error}"
            log.critical("model unavailable", extra={"stage": self._name, "detail": detail})
            if self._presence is not None:
                self._presence.failed(detail)
            self._drain.begin(ModelUnavailable.exit_code)
            os._exit(ModelUnavailable.exit_code)  # a raise would be logged, and the process started again for ever
        self._door.open()

    def _load(self) -> None:
        settings, redis, metering = self._settings, connect(self._settings), Metering.of(self._name, self._settings)
        claims, hints, workers = Claims.of(redis, settings), Hints(self._app, redis), Workers(redis)
        reaper = Reaper(
            redis, claims, hints, settings.reap_seconds, settings.max_waiting_for_refiner, meter=metering.meter
        )
        self._presence = presence = Presence(
            self._name,
            workers,
            settings.reap_seconds,
            lambda me: self._look_after(reaper, me),
            metering=metering,
            pulse=settings.worker_pulse,
        )
        presence.start()
        store, stage = MeteredStore(S3Store.connect(settings), metering.meter), self._set_up(metering.meter)
        self._tracer = tracer_of(settings.otlp_endpoint, self._name)
        runner = Runner(
            stage,
            store=store,
            claims=claims,
            hints=hints,
            presence=presence,
            drain=self._drain,
            health=Health(stage, workers, settings.max_failures_in_a_row, self._leave),
            renew_seconds=settings.renew_seconds,
            stall=Stall(settings.stall_seconds, self._end_stalled),
            meter=metering.meter,
            tracer=self._tracer,
        )
        allowance = Allowance(settings.recycle_after_jobs, settings.recycle_after_growth_mb)
        watching = Watchdog(self._starves(redis, hints), self._stuck_seconds)
        self._loaded = _Loaded(runner, watching, Wear(allowance))
        presence.ready(stage.describe(), stage.peak_bytes(), lambda: stage.memory().reserved or resident_bytes())
        self._sweeping = Sweeping.of(redis, settings, presence.id)
        self._sweeping.start()
        log.info("ready", extra={"stage": self._name, **stage.describe()})

    def _set_up(self, meter: Meter) -> Stage:
        began, stage = time.monotonic(), self._build()
        stage.setup()
        meter.loaded(time.monotonic() - began, stage.memory)
        return stage

    def work(self, *, job_id: str, attempt: int, **_: object) -> None:
        """Work on a hint: the claim decides on which job."""
        if self._loaded is None:
            raise RuntimeError("the process takes hints before its model is loaded")
        with self._loaded.watchdog.fed():
            if self._loaded.runner.work(job_id, attempt) and self._loaded.wear.count_job():
                log.info("to be replaced")
                self._door.wear_out()

    def stop(self, **_: object) -> None:
        """Tell that this process ends; one that is not fit is listed for a while, with the reason."""
        if self._sweeping is not None:
            self._sweeping.stop()
        if self._presence is not None and self._drain.exit_code != DeviceBroken.exit_code:
            self._presence.leave()
        self._tracer.close()

    def _look_after(self, reaper: Reaper, me: str) -> None:
        """Every few seconds, beside the work."""
        if self._drain.begun and self._presence is not None:
            self._presence.draining()
        if self._loaded is not None:
            self._obey(self._loaded.watchdog.look())
        reaper.take_turn(me)

    def _end_stalled(self) -> None:
        """The worker replaces its pool process; the job runs again when its lease is over."""
        log.critical("the stage shows no sign of life")
        os._exit(DeviceBroken.exit_code)

    def _leave(self, reason: str) -> None:
        log.critical("not fit to go on", extra={"detail": reason})
        if self._presence is not None:
            self._presence.failed(reason)
        self._drain.begin(DeviceBroken.exit_code)

    def _starves(self, redis: RedisClient, hints: Hints) -> Callable[[], bool]:
        backlog, most_waiting = Backlog(redis), self._settings.max_waiting_for_refiner

        def starves() -> bool:
            if self._drain.begun and self._drain.exit_code != watchdog.EXIT_CODE:
                return False
            return hints.waiting(self._name) > 0 and backlog.runnable(self._name, most_waiting) > 0

        return starves

    def _obey(self, bark: Bark) -> None:
        if bark is not Bark.NOTHING:
            log.critical("hints wait, and none comes: the consumer is stuck")
            self._drain.begin(watchdog.EXIT_CODE)
        if bark is Bark.KILL:
            os.kill(os.getppid(), signal.SIGKILL)
