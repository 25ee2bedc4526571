"""The producer's door, straight to Redis and the store: for services that are trusted with both."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial, wraps
from typing import ParamSpec, Self, TypeVar

from redis.exceptions import RedisError

from latentrelay import egress
from latentrelay.celery_app import make_app
from latentrelay.contracts import (
    DeadLetter,
    Job,
    JobRequest,
    JobStatus,
    Kind,
    QueueInfo,
    Role,
    StageName,
    WorkerInfo,
    check_deadline,
)
from latentrelay.errors import Conflict, LatentRelayError, NotFound, StackUnavailable
from latentrelay.events import JobEvent
from latentrelay.flow import route
from latentrelay.hints import Hints
from latentrelay.jobs import UNREACHABLE, DeadLetters, JobPage, Jobs, Workers, connect
from latentrelay.retention import Retention
from latentrelay.settings import Settings
from latentrelay.sources import Sources
from latentrelay.stack import locate
from latentrelay.storage import S3Store
from latentrelay.sweeper import Audit, Sweeper, Swept
from latentrelay.uploads import Uploads, upload_id

AWAY_SECONDS = 1.0

Asked = ParamSpec("Asked")
Answered = TypeVar("Answered")

log = logging.getLogger(__name__)


def _door(method: Callable[Asked, Answered]) -> Callable[Asked, Answered]:
    """Redis away is told in our own words."""

    @wraps(method)
    def told(*args: Asked.args, **kwargs: Asked.kwargs) -> Answered:
        try:
            return method(*args, **kwargs)
        except UNREACHABLE as error:
            raise StackUnavailable(f"Redis does not answer: {error}") from error

    return told


class Client:
    """Submits jobs, watches them, fetches what they made.

    Every method but `wait` and `events`, which wait for it, raises `StackUnavailable` while Redis is away.
    """

    def __init__(self, settings: Settings) -> None:
        self._redis = connect(settings)
        self._jobs = Jobs.of(self._redis, settings)
        self._dead = DeadLetters(
            self._redis, lambda tenant: Jobs.of(self._redis, settings.model_copy(update={"tenant": tenant}))
        )
        self._hints = Hints(make_app(settings), self._redis)
        self._store = S3Store.connect(settings)
        self._uploads = Uploads(self._redis, self._store, settings.max_input_bytes)
        fetch = partial(
            egress.fetch,
            max_bytes=settings.max_input_bytes,
            allowed_hosts=settings.allowed_hosts,
            allowed_cidrs=settings.allowed_cidrs,
        )
        self._sources = Sources(self._uploads, fetch, self._jobs.get, Retention.of(settings))
        self._sweeper = Sweeper(self._redis, self._store, self._uploads, settings)

    @classmethod
    def connect(cls, settings: Settings | None = None) -> Self:
        """A client of the configured stack, or of the one that runs on this machine.

        Raises:
            StackUnavailable: no stack runs, or its Redis does not answer.
        """
        try:
            client = cls(locate(settings or Settings()))
            client._redis.ping()
        except RedisError as error:
            raise StackUnavailable(f"Redis does not answer as it should: {error}") from None
        return client

    @_door
    def submit(self, request: JobRequest) -> Job:
        """Record a job and tell the workers of its first stage. The same idempotency key answers with the same job.

        Raises:
            InvalidRequest, NotFound, Conflict, InputTooLarge, InputUndecodable, UnsafeUrl: what is asked cannot be.
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            StorageUnavailable: the store does not answer as it should.
        """
        if request.idempotency_key and (earlier := self._jobs.replayed(request)):
            return earlier
        check_deadline(request, datetime.now(UTC))
        job_id = uuid.uuid4().hex
        recorded, inputs = self._sources.bring(request, job_id)
        brought = any(upload_id(made) == job_id for made in inputs)
        try:
            job = self._jobs.submit(job_id, request, recorded.with_seed(), inputs)
        except LatentRelayError:
            self._drop(job_id, brought=brought)
            raise
        if job.id == job_id:
            self._hints.send(route(request)[0], job.id, attempt=1)
        else:
            self._drop(job_id, brought=brought)
        return job

    @_door
    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is no such job.
        """
        return self._jobs.get(job_id)

    @_door
    def list(
        self, *, status: JobStatus | None = None, kind: Kind | None = None, limit: int = 50, cursor: str | None = None
    ) -> JobPage:
        """Jobs, newest first, at most 250 a page."""
        return self._jobs.list(status=status, kind=kind, limit=limit, cursor=cursor)

    def events(self, job_id: str, after: str = "0") -> Iterator[JobEvent]:
        """What happened and happens to a job, to its end. Waits for Redis where it is away.

        Raises:
            NotFound: there is no such job.
        """
        return (event for event in self._watch(job_id, after) if event is not None)

    def wait(
        self, job_id: str, timeout: float | None = None, on_event: Callable[[JobEvent], None] | None = None
    ) -> Job:
        """The job when it has ended, well or badly.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds; it goes on.
            NotFound: there is no such job.
        """
        until = None if timeout is None else time.monotonic() + timeout
        for event in self._watch(job_id, "0"):
            if event is not None and on_event is not None:
                on_event(event)
            if until is not None and time.monotonic() > until and not (event and event.type.is_terminal):
                raise TimeoutError(f"Job {job_id} has not ended after {timeout} s; it goes on.")
        return self.get(job_id)

    @_door
    def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in.

        Raises:
            NotFound: there is no such job.
        """
        return self._jobs.cancel(job_id)

    @_door
    def delete(self, job_id: str) -> None:
        """Forget a job that has ended, and remove what it brought and made; uploads of their own stay.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it brought or made.
            StorageUnavailable: the store does not answer as it should; it may be repeated.
        """
        self._sweeper.purge(job_id)

    @_door
    def upload(self, data: bytes) -> str:
        """Store an image file; the id names it in `ImageSource(upload_id=...)`.

        Raises:
            InputTooLarge, InvalidRequest, StorageUnavailable: it cannot be stored.
        """
        return upload_id(self._uploads.put(data))

    @_door
    def download(self, job_id: str, index: int = 0, role: Role = Role.FINAL) -> bytes:
        """The file of one image of a job.

        Raises:
            NotFound: there is no such job or image.
            Conflict: the image is not ready.
        """
        job = self.get(job_id)
        image = job.image(index, role)
        if image is not None:
            return self._store.get(image)
        if not job.status.is_terminal and any((told.index, told.role) == (index, role) for told in job.images):
            raise Conflict(f"Image {index} ({role}) of job {job_id} is not ready.")
        raise NotFound(f"Job {job_id} makes no image {index} ({role}), or it is no longer kept.")

    @_door
    def workers(self) -> tuple[WorkerInfo, ...]:
        """Who is alive, with what model."""
        return Workers(self._redis).list()

    @_door
    def queues(self) -> tuple[QueueInfo, ...]:
        """How much waits for each stage, and how much is worked on."""
        return tuple(
            QueueInfo(
                stage=stage,
                depth=self._jobs.pending(stage),
                in_flight=self._jobs.in_flight(stage),
                oldest_at=self._jobs.oldest_at(stage),
            )
            for stage in StageName
        )

    @_door
    def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Jobs that used up their attempts and messages nobody could read, newest first."""
        return self._dead.list(limit)

    @_door
    def dead_letter(self, letter_id: str) -> DeadLetter:
        """One of them.

        Raises:
            NotFound: there is no such letter.
        """
        return self._dead.get(letter_id)

    @_door
    def requeue(self, letter_id: str) -> Job:
        """A new job that asks for the same as the one that a dead letter tells of; the letter is dropped.

        Raises:
            NotFound: there is no such letter, or its job or what that reads has been swept.
            Conflict: it tells of a message.
            QueueFull: too many jobs wait already.
        """
        job = self._dead.requeue(letter_id)
        self._hints.send(route(job.request)[0], job.id, attempt=1)
        with suppress(NotFound):  # somebody else dropped it
            self._dead.drop(letter_id)
        return job

    @_door
    def drop_dead_letter(self, letter_id: str) -> None:
        """Forget a dead letter; the job that it tells of stays as it is.

        Raises:
            NotFound: there is no such letter.
        """
        self._dead.drop(letter_id)

    @_door
    def sweep(self) -> Swept:
        """Remove all that has had its time, as the workers do by and by.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._sweeper.sweep_all()

    @_door
    def audit(self) -> Audit:
        """Hold the whole store against the records. Removes nothing.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._sweeper.audit()

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()

    def _drop(self, job_id: str, *, brought: bool) -> None:
        """Remove the image that came with a request which became no job."""
        try:
            if brought:
                self._uploads.remove(job_id)
        except LatentRelayError as error:  # the caller's answer stands; the sweeper finds it
            log.warning("upload not removed: %s", error)

    def _watch(self, job_id: str, after: str) -> Iterator[JobEvent | None]:
        away = False
        while True:
            try:
                for event in self._jobs.events(job_id, after):
                    after, away = (event.id if event is not None else after), False
                    yield event
            except UNREACHABLE as error:
                if not away:
                    log.warning("Redis is away, waiting for it: %s", error)
                away = True
                yield None
                time.sleep(AWAY_SECONDS)
            else:
                return
