"""Webhooks: how many a sender delivers, and what an event costs in Redis."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from infra.bench.stack import cpu_seconds, megabytes
from infra.stand.workers import ROOT
from latentrelay.contracts import NewWebhookEndpoint, TextToImage
from latentrelay.embedded.child import Child
from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.embedded.valkey import Valkey
from latentrelay.jobs import Jobs, RedisClient, connect, keys
from latentrelay.settings import Settings
from latentrelay.webhooks.webhooks import Webhooks

TENANTS, ENDPOINTS = 8, 4  # endpoints of each
PAGE = 500  # rows that are written at once
KEPT_SECONDS = 60.0  # long enough to measure what is kept, short enough to wait for its end


@dataclass(frozen=True)
class Case:
    """How many senders."""

    name: str
    senders: int = 1


@dataclass(frozen=True)
class Found:
    """What was measured; memory of the first sender in MB after a quarter and at the end, bytes of Redis an event."""

    case: Case
    events: int
    seconds: float
    cpu_seconds: float
    megabytes: tuple[float, float]
    row_bytes: float
    message_bytes: float
    kept_bytes: float
    commands: float


CASES = (
    Case("one sender"),
    Case("two senders", senders=2),
)


def measure(events: int, cases: Sequence[Case] = CASES) -> list[Found]:
    """Every case on a fresh Redis."""
    found = []
    for case in cases:
        print(f"{case.name}: {events} events ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="latentrelay-bench-") as folder:
            found.append(_measure(case, events, Path(folder)))
        print(f"{found[-1].events / found[-1].seconds:.0f} a second", flush=True)
    return found


def _measure(case: Case, events: int, folder: Path) -> Found:
    with _server(folder) as valkey, _receiver() as url:
        settings = _settings(valkey, folder)
        redis = connect(settings)
        webhooks = Webhooks(redis, settings, lambda _: None, tenant="bench")
        _register(webhooks, url)
        row, empty = _row(redis), _bytes(redis)
        _fill(redis, row, events)
        filled, commands = _bytes(redis), _commands(redis)
        senders = [_sender(settings, folder, number) for number in range(case.senders)]
        began = time.monotonic()
        _until(lambda: _left(webhooks) <= 3 * events // 4)
        quarter = megabytes(senders[0])
        _until(lambda: _left(webhooks) == 0)
        seconds, commands = time.monotonic() - began, _commands(redis) - commands
        end, cpu, told = megabytes(senders[0]), sum(map(cpu_seconds, senders)), _bytes(redis)
        for sender in senders:
            sender.stop(grace=10)
        _until(lambda: not redis.exists(keys.MESSAGES))
        kept = _bytes(redis)
    return Found(
        case,
        events,
        seconds,
        cpu,
        (quarter, end),
        (filled - empty) / events,
        (told - empty) / events,
        (kept - empty) / events,
        commands / events,
    )


def table(found: Sequence[Found]) -> str:
    """The findings in markdown."""
    heads = ["case", "a second", "to the first", "sender CPU an event", "memory at a quarter → at the end"]
    heads += ["waiting in the outbox", "delivered, and kept", "after its time", "commands an event"]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    first = found[0].events / found[0].seconds
    for one in found:
        told = [
            one.case.name,
            f"{one.events / one.seconds:.0f}",
            f"{one.events / one.seconds / first:.1f}",
            f"{1000 * one.cpu_seconds / one.events:.1f} ms",
            f"{one.megabytes[0]:.0f} → {one.megabytes[1]:.0f} MB",
            *(f"{count:.0f} B" for count in (one.row_bytes, one.message_bytes, one.kept_bytes)),
            f"{one.commands:.0f}",
        ]
        lines.append("| " + " | ".join(told) + " |")
    return "\n".join([f"{found[0].events} events to {TENANTS * ENDPOINTS} endpoints of {TENANTS} tenants.", "", *lines])


def _settings(valkey: Valkey, folder: Path) -> Settings:
    return Settings(
        redis_url=SecretStr(valkey.url),
        s3_endpoint="http://127.0.0.1:9",  # webhooks need no store
        data_dir=folder,
        webhook_key=SecretStr("k" * 32),
        webhook_allowed_hosts=frozenset({"127.0.0.1"}),
        webhook_metrics_port=0,
        webhook_message_seconds=KEPT_SECONDS,
    )


def _register(webhooks: Webhooks, url: str) -> None:
    for number in range(TENANTS * ENDPOINTS):
        wanted = NewWebhookEndpoint(url=f"{url}/{number}", events=("failed",) if number % ENDPOINTS else ("canceled",))
        webhooks.create(wanted, tenant=f"tenant{number // ENDPOINTS}")


def _row(redis: RedisClient) -> dict[str, str]:
    """A row of the outbox, as a job leaves it."""
    asked = TextToImage(prompt="a lighthouse on a cliff at dawn, oil on canvas", seed=7)
    jobs = Jobs(redis, tenant="tenant0")
    jobs.submit("job", asked, asked)
    jobs.cancel("job")
    ((row_id, fields),) = redis.xrange(keys.OUTBOX)
    redis.xdel(keys.OUTBOX, row_id)
    return dict(fields)


def _fill(redis: RedisClient, row: dict[str, str], events: int) -> None:
    for begin in range(0, events, PAGE):
        with redis.pipeline(transaction=False) as pipe:
            for number in range(begin, min(begin + PAGE, events)):
                pipe.xadd(keys.OUTBOX, row | {"id": f"{number:032x}", "tenant": f"tenant{number % TENANTS}"})
            pipe.execute()


def _left(webhooks: Webhooks) -> int:
    told = webhooks.backlog()
    return told.outbox + told.pending + told.in_flight


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.2)


@contextmanager
def _server(folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(folder / "valkey")
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.stop()


@contextmanager
def _receiver() -> Iterator[str]:
    command = [sys.executable, "-m", "infra.bench.receiver"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().strip() if process.stdout else ""
        yield f"http://127.0.0.1:{port}"
        process.kill()


def _sender(settings: Settings, folder: Path, number: int) -> Child:
    command = [sys.executable, "-m", "services.webhooks"]
    environment = worker_environment(settings, os.environ)
    sender = Child(f"sender-{number}", command, folder=folder / "logs", cwd=ROOT, environment=environment)
    sender.start()
    return sender


def _bytes(redis: RedisClient) -> int:
    return int(redis.info("memory")["used_memory"])


def _commands(redis: RedisClient) -> int:
    return int(redis.info("stats")["total_commands_processed"])
