"""Strikes a running stack. Each strike says whom it hit, and how it is undone."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from infra.faults.proxy import Proxy
from infra.soak.campaign import Fault, FaultKind
from infra.soak.stack import SoakStack, pool_process
from latentrelay.contracts import ArtifactKind, Job, JobStatus, StageName
from latentrelay.embedded.child import Child
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.flow import route
from latentrelay.jobs import Jobs, connect, keys
from latentrelay.storage import S3Store

Held = tuple[str, str, int]
"""A job in the hands of a worker that is struck: its id, its stage, its attempt."""

_LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
_OF_PROXIES: dict[FaultKind, Callable[[Proxy], None]] = {
    FaultKind.REDIS_SILENT: Proxy.hang,
    FaultKind.STORE_SILENT: Proxy.hang,
    FaultKind.STORE_REFUSES: Proxy.refuse,
    FaultKind.STORE_BUSY: lambda proxy: proxy.answer(503),
}
Chosen = TypeVar("Chosen")


@dataclass(frozen=True)
class Strike:
    """What a fault hit: a name, the jobs that were in its hands, the objects it removed; and its undoing."""

    target: str
    held: Sequence[Held] = ()
    removed: Sequence[str] = ()
    undo: Callable[[], None] | None = None
    lasts: float = 0.0
    """Seconds until it is undone."""


class Faults:
    """Carries out the faults of a campaign. `strike` answers None where there is nothing to hit now."""

    def __init__(self, stack: SoakStack) -> None:
        self._stack = stack
        self._redis = connect(stack.direct)
        self._jobs = Jobs.of(self._redis, stack.direct)
        self._store = S3Store.connect(stack.direct)
        self._robbed: set[str] = set()

    def strike(self, fault: Fault) -> Strike | None:
        """Let `fault` happen.

        Raises:
            RedisError, StorageUnavailable: another fault keeps us from looking whom to hit.
        """
        match fault.kind:
            case FaultKind.REDIS_KILLED | FaultKind.STORE_KILLED:
                return self._kill_server(fault)
            case FaultKind.REDIS_CUT:
                self._stack.redis_proxy.cut()
                return Strike("every connection")
            case FaultKind.HINTS_LOST:
                return Strike(f"{self._redis.delete(*StageName)} queues")
            case FaultKind.LATENTS_LOST:
                return self._rob(fault)
        return self._break(fault) if fault.kind in _OF_PROXIES else self._strike_worker(fault)

    def _kill_server(self, fault: Fault) -> Strike | None:
        servers: dict[FaultKind, Valkey | Seaweed] = {
            FaultKind.REDIS_KILLED: self._stack.valkey,
            FaultKind.STORE_KILLED: self._stack.seaweed,
        }
        server = servers[fault.kind]
        if not server.alive:
            return None
        server.child.kill()
        return Strike(server.child.name, undo=server.start, lasts=fault.seconds)

    def _break(self, fault: Fault) -> Strike:
        proxy = self._stack.redis_proxy if fault.kind is FaultKind.REDIS_SILENT else self._stack.store_proxy
        _OF_PROXIES[fault.kind](proxy)
        return Strike("its proxy", undo=proxy.mend, lasts=fault.seconds)

    def _rob(self, fault: Fault) -> Strike | None:
        """Remove latents on their way to the refiner, once in a job's life."""
        robbable = [job for job in self._live() if job.id not in self._robbed and _is_handing_over(job)]
        if not robbable:
            return None
        job = _chosen(robbable, fault.choice)
        self._robbed.add(job.id)
        latents = _chosen(job.made(ArtifactKind.LATENTS), fault.choice)
        self._store.delete([latents.key])
        return Strike(job.id, removed=[latents.key])

    def _strike_worker(self, fault: Fault) -> Strike | None:
        alive = {worker.name: worker for worker in self._stack.workers if worker.alive}
        held = {name: self._held_by(worker) for name, worker in alive.items()}
        busy = [name for name in alive if held[name]]
        # every other time one that is at work, if there is one: idle workers die without a trace
        names = busy if busy and int(fault.choice * 1000) % 2 else [*alive]
        if not names:
            return None
        name = _chosen(names, fault.choice)
        return self._on_worker(fault, alive[name], held[name])

    def _on_worker(self, fault: Fault, worker: Child, held: Sequence[Held]) -> Strike:
        pid, pool = worker.pid or 0, pool_process(worker)
        match fault.kind:
            case FaultKind.WORKER_KILLED:
                os.kill(pid, signal.SIGKILL)
            case FaultKind.POOL_KILLED:
                _send(pool or pid, signal.SIGKILL)
            case FaultKind.WORKER_STOPPED:
                os.killpg(pid, signal.SIGSTOP)
                lasts = self._stack.direct.lease_seconds + fault.seconds
                return Strike(worker.name, held, undo=lambda: _send(-pid, signal.SIGCONT), lasts=lasts)
            case FaultKind.WORKER_DRAINED:
                worker.ask()
            case FaultKind.WORKER_HURRIED:
                worker.ask()
                return Strike(worker.name, held, undo=lambda: _send(pid, signal.SIGTERM), lasts=0.2)
        return Strike(worker.name, held)

    def _held_by(self, worker: Child) -> list[Held]:
        pool = pool_process(worker)
        found = []
        for job_id in self._redis.zrange(keys.LEASES, 0, -1):
            who, stage, attempt = self._redis.hmget(keys.job(job_id), "worker", "stage", "attempt")
            if who and f"/{pool}/" in who:
                found.append((job_id, stage, int(attempt)))
        return found

    def _live(self) -> list[Job]:
        return [job for status in _LIVE for job in self._jobs.list(status=status, limit=250).jobs]


def _is_handing_over(job: Job) -> bool:
    """Whether the base has left latents of which the refiner has begun none."""
    is_begun = job.stage is StageName.SDXL_REFINER and (job.progress or job.made(ArtifactKind.IMAGE, job.stage))
    return len(route(job.request)) > 1 and bool(job.made(ArtifactKind.LATENTS)) and not is_begun


def _chosen(among: Sequence[Chosen], choice: float) -> Chosen:
    return among[int(choice * len(among))]


def _send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, or with a negative number to its group, if it is still there."""
    with suppress(ProcessLookupError):
        if pid < 0:
            os.killpg(-pid, number)
        else:
            os.kill(pid, number)
