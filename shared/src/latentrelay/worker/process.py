"""The pool process of a stage worker: it loads the model, then works on one hint at a time."""

import logging
import os
from collections.abc import Callable

from celery import Celery

from latentrelay.contracts import StageName
from latentrelay.errors import LatentRelayError, ModelUnavailable
from latentrelay.hints import Hints
from latentrelay.jobs import Claims, Workers, connect
from latentrelay.settings import Settings
from latentrelay.stage import Stage
from latentrelay.storage import S3Store
from latentrelay.worker.drain import Drain
from latentrelay.worker.gate import Door
from latentrelay.worker.presence import Presence
from latentrelay.worker.reaper import Reaper
from latentrelay.worker.runner import Runner

log = logging.getLogger(__name__)


class StageProcess:
    """Composes what one process needs, after the fork: connections and threads do not survive it."""

    def __init__(
        self, name: StageName, settings: Settings, app: Celery, *, door: Door, drain: Drain, build: Callable[[], Stage]
    ) -> None:
        self._name = name
        self._settings = settings
        self._app = app
        self._door = door
        self._drain = drain
        self._build = build
        self._runner: Runner | None = None
        self._presence: Presence | None = None

    def start(self, **_: object) -> None:
        """Load the model; where that fails, say why and end with an exit code of its own."""
        try:
            self._runner = self._compose()
        except Exception as error:  # noqa: BLE001  # whatever keeps it from starting, the worker must not take jobs
            detail = error.detail if isinstance(error, LatentRelayError) else f"{type(error).__name__}: {error}"
            log.critical("model unavailable", extra={"stage": self._name, "detail": detail})
            if self._presence is not None:
                self._presence.failed(detail)
            self._door.bar()
            os._exit(ModelUnavailable.exit_code)  # a raise would be logged, and the process started again for ever
        self._door.open()

    def _compose(self) -> Runner:
        settings, redis = self._settings, connect(self._settings)
        claims = Claims.of(redis, settings)
        hints = Hints(self._app, redis)
        reaper = Reaper(redis, claims, hints, settings.reap_seconds, settings.max_waiting_for_refiner)
        self._presence = presence = Presence(self._name, Workers(redis), settings.reap_seconds, reaper.take_turn)
        presence.start()
        store, stage = S3Store.connect(settings), self._build()
        stage.setup()
        presence.ready(stage.describe())
        log.info("ready", extra={"stage": self._name, **stage.describe()})
        return Runner(
            stage,
            store=store,
            claims=claims,
            hints=hints,
            presence=presence,
            drain=self._drain,
            renew_seconds=settings.renew_seconds,
        )

    def work(self, *, job_id: str, attempt: int, **_: object) -> None:
        """Work on a hint: the claim decides on which job."""
        if self._runner is None:
            raise RuntimeError("the process takes hints before its model is loaded")
        self._runner.work(job_id, attempt)

    def stop(self, **_: object) -> None:
        """Tell that this process ends."""
        if self._presence is not None:
            self._presence.leave()
