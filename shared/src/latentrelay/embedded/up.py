"""The whole stack on this machine, until it is told to stop."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import redis
from pydantic import SecretStr

from latentrelay.contracts import StageName
from latentrelay.embedded.child import Child
from latentrelay.embedded.ends import Part
from latentrelay.embedded.gateway_process import GatewayProcess, linked_through, told_of, with_port
from latentrelay.embedded.interruptions import interruptions
from latentrelay.embedded.kept import own_folder, write_private
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.stage_worker import StageWorker, services_folder, worker_command, worker_environment
from latentrelay.embedded.supervisor import Supervisor
from latentrelay.embedded.valkey import Valkey
from latentrelay.embedded.webhooks_process import WebhooksProcess, with_key
from latentrelay.errors import StackUnavailable
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.stack import connections, held_alone, stack_file
from latentrelay.storage import S3Store

TEND_SECONDS = 0.2
GRACE_SECONDS = 15.0


def up(
    settings: Settings,
    *,
    say: Callable[[str], None],
    stages: Sequence[StageName] = tuple(StageName),
    workers: Mapping[StageName, int] | None = None,
    started: Callable[[Settings], None] | None = None,
    grace: float = GRACE_SECONDS,
    command: Callable[[StageName, int], Sequence[str]] = worker_command,
    gateway: bool = True,
) -> None:
    """Run the stack in `settings.data_dir` until SIGINT, SIGTERM or SIGHUP; a second one hurries.

    With servers configured it runs gateway, sender of webhooks and workers; without, a Valkey and an S3 server too, for
    clients of this user to find (`stack.locate`). Call it from the main thread.

    Args:
        settings: of the stack.
        say: takes each line that tells what happens.
        stages: the stages that get workers.
        workers: how many of each stage; 1 where it names none.
        started: called once in a thread of its own with the connected settings, when all processes are started.
        grace: seconds that workers may go on with their jobs at the end.
        command: the command of worker `number` of a stage.
        gateway: whether to serve HTTP at the address and the port of `settings`.

    Raises:
        StackUnavailable: another stack runs in this folder, the gateway's port is taken, a server cannot be started or
            reached, or none of the workers can serve.
        StorageUnavailable: the object store does not answer as it should.
    """
    folder, root = own_folder(settings.data_dir), services_folder()
    told = _safely(say)
    supervisor = Supervisor(told)
    with held_alone(folder), _ended(supervisor, folder, grace, told):
        served = linked_through(with_port(settings, folder / "gateway")) if gateway else settings
        linked = served if served.connected else _start_servers(supervisor, served, folder)
        _check(linked)
        if gateway:
            served_stages = frozenset(stage for stage in stages if (workers or {}).get(stage, 1))
            door = GatewayProcess(linked.model_copy(update={"ready_stages": served_stages}), folder / "gateway", root)
            supervisor.start(Part.GATEWAY, door)
            told(told_of(linked))
        _start_sender(supervisor, linked, folder, root, told)
        lineup = [*_lineup(stages, workers or {}, command)]
        linked = linked.model_copy(update={"torch_threads": share_of_cores(linked, len(lineup), os.cpu_count() or 1)})
        environment = worker_environment(linked, os.environ)
        for name, argv in lineup:
            child = Child(name, argv, folder=folder / "workers", cwd=root, environment=environment)
            supervisor.start(Part.WORKER, StageWorker(child, grace=grace))
        if started is not None:
            threading.Thread(target=started, args=(linked,), daemon=True).start()
        _watch(supervisor)


def share_of_cores(settings: Settings, workers: int, cores: int) -> int:
    """CPU threads of each worker: as configured, else an equal share, since threads that wait for cores spin."""
    return settings.torch_threads or max(1, cores // max(1, workers))


def _lineup(
    stages: Sequence[StageName], workers: Mapping[StageName, int], command: Callable[[StageName, int], Sequence[str]]
) -> Iterator[tuple[str, Sequence[str]]]:
    for stage in stages:
        for number in range(1, workers.get(stage, 1) + 1):
            yield f"{stage}-{number}", command(stage, number)


def _start_sender(
    supervisor: Supervisor, linked: Settings, folder: Path, root: Path, told: Callable[[str], None]
) -> None:
    if linked.webhook_key is None:
        told("no webhooks are sent: LATENTRELAY_WEBHOOK_KEY is not set")
    else:
        supervisor.start(Part.WEBHOOKS, WebhooksProcess(linked, folder / "webhooks", root))


def _start_servers(supervisor: Supervisor, settings: Settings, folder: Path) -> Settings:
    valkey, seaweed = Valkey(folder / "valkey"), Seaweed(folder / "seaweed")
    supervisor.start(Part.SERVER, valkey)
    supervisor.start(Part.SERVER, seaweed)
    linked = with_key(settings, folder / "webhooks").model_copy(
        update={
            "redis_url": SecretStr(valkey.url),
            "s3_endpoint": seaweed.endpoint,
            "s3_access_key": seaweed.access_key,
            "s3_secret_key": SecretStr(seaweed.secret_key),
        }
    )
    write_private(stack_file(folder), connections(linked).model_dump_json())
    return linked


def _check(linked: Settings) -> None:
    """Fail now, with one sentence, rather than in every worker."""
    try:
        with connect(linked) as client:
            client.ping()
    except redis.RedisError as error:
        raise StackUnavailable(f"Redis does not answer as it should: {error}") from error
    S3Store.connect(linked).ensure_bucket()


def _watch(supervisor: Supervisor) -> None:
    while not supervisor.in_vain:
        supervisor.tend()
        time.sleep(TEND_SECONDS)
    raise StackUnavailable("no worker can serve; why is told above")


@contextmanager
def _ended(supervisor: Supervisor, folder: Path, grace: float, say: Callable[[str], None]) -> Iterator[None]:
    """Whatever ends the inside, end the children; an interruption is how it is meant to end."""
    with interruptions() as asked:
        try:
            yield
        except KeyboardInterrupt:
            say("stopping; Ctrl-C again hurries")
        finally:
            hurried = asked.to_hurry()
            stack_file(folder).unlink(missing_ok=True)
            supervisor.stop(grace, hurried)
            say("stopped")


def _safely(say: Callable[[str], None]) -> Callable[[str], None]:
    """A terminal that is gone must not keep us from ending our children."""

    def told(line: str) -> None:
        with suppress(OSError, ValueError):
            say(line)

    return told
