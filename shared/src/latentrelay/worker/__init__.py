"""THE Celery glue: turns a Stage into a worker. All stage services use it, and nothing else."""

import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from celery import Celery, signals
from celery.utils.log import get_multiprocessing_logger

from latentrelay import logs
from latentrelay.celery_app import make_app
from latentrelay.contracts import StageName, task_name
from latentrelay.errors import ModelUnavailable, StackUnavailable
from latentrelay.settings import Settings
from latentrelay.stack import from_environment
from latentrelay.stage import Stage
from latentrelay.worker.drain import Drain
from latentrelay.worker.gate import Door, gate_step
from latentrelay.worker.process import StageProcess
from latentrelay.worker.watchdog import STUCK_SECONDS

log = logging.getLogger(__name__)

Checked = TypeVar("Checked")


def stage_worker(
    name: StageName,
    *,
    check: Callable[[Settings], Checked],
    build: Callable[[Settings, Checked], Stage],
    stuck_seconds: float = STUCK_SECONDS,
) -> Celery:
    """The Celery app of one stage service, started by `celery -A services.<stage>.worker worker`.

    `check` runs in the worker before anything else, without torch; what it returns goes to `build`, which runs in
    the pool process. Where either raises `ModelUnavailable`, the worker exits with code 78 and takes no message.
    One that is idle for `stuck_seconds` while hints wait for it exits with code 75.
    """
    settings = _settings()
    # a receiver of this signal is how Celery is told to leave logging alone, in the pool process too
    signals.setup_logging.connect(lambda **_: _log_json(settings.log_level), weak=False)
    signals.celeryd_init.connect(_quieten, weak=False)
    signals.worker_init.connect(_tell_no_events, weak=False)
    _log_json(settings.log_level)
    app = make_app(settings)
    app.amqp.queues.select([name])
    door, drain, checked = Door(), Drain(settings.drain_seconds), list[Checked]()
    process = StageProcess(
        name,
        settings,
        app,
        door=door,
        drain=drain,
        build=lambda: build(settings, checked[0]),
        stuck_seconds=stuck_seconds,
    )
    app.steps["worker"].add(gate_step(door, drain, lambda: checked.append(check(settings))))
    # sent at each SIGTERM
    signals.worker_shutting_down.connect(lambda **_: drain.ask(), weak=False)
    signals.worker_process_init.connect(process.start, weak=False)
    signals.worker_process_shutdown.connect(process.stop, weak=False)
    app.task(process.work, name=task_name(name))
    return app


def _log_json(level: str) -> None:
    """Celery's pool has a logger that would keep its lines to itself, and print them as they are."""
    logs.configure(level)
    get_multiprocessing_logger().propagate = True


def _quieten(instance: Any, **_: object) -> None:
    """Celery's banner is no JSON."""
    instance.quiet = True


def _tell_no_events(sender: Any, **_: object) -> None:
    """Nobody reads Celery's; and to a Redis that is away a heartbeat is repeated for ever, by who is to end too."""
    sender.options |= {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}


def _settings() -> Settings:
    """The settings of this worker; where they cannot be used it ends, and says which."""
    try:
        return from_environment()
    except StackUnavailable as error:
        logs.configure("INFO")
        log.critical("settings cannot be used", extra={"detail": error.detail})
        sys.exit(ModelUnavailable.exit_code)
