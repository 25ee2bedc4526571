"""Submit jobs, watch them, fetch what they made."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from latentrelay.client.connected import door
from latentrelay.client.operating import Operating
from latentrelay.contracts import Job, JobRequest, JobStatus, Kind, Role, check_deadline
from latentrelay.errors import Conflict, LatentRelayError, NotFound
from latentrelay.events import JobEvent
from latentrelay.flow import route
from latentrelay.jobs import UNREACHABLE, Happened, JobPage
from latentrelay.uploads import upload_id

AWAY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Client(Operating):
    """Submits jobs, watches them, fetches what they made.

    Every method but `wait` and `events`, which wait for it, raises `StackUnavailable` while Redis is away.
    """

    @door
    def submit(self, request: JobRequest) -> Job:
        """Record a job and tell the workers of its first stage. The same idempotency key answers with the same job.

        Raises:
            InvalidRequest, NotFound, Conflict, InputTooLarge, InputUndecodable, UnsafeUrl: what is asked cannot be.
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            RateLimited: too many of this tenant do, or its pixels for today are spent.
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

    @door
    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is no such job.
        """
        return self._jobs.get(job_id)

    @door
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

    @door
    def happened(self, job_id: str, after: str = "0") -> Happened:
        """What happened to a job after the event `after`, at most the next hundred events. Does not wait.

        Raises:
            NotFound: there is no such job.
        """
        return self._jobs.happened(job_id, after)

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

    @door
    def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in.

        Raises:
            NotFound: there is no such job.
        """
        return self._jobs.cancel(job_id)

    @door
    def delete(self, job_id: str) -> None:
        """Forget a job that has ended, and remove what it brought and made; uploads of their own stay.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it brought or made.
            StorageUnavailable: the store does not answer as it should; it may be repeated.
        """
        self._sweeper.purge(self._jobs.own(job_id))

    @door
    def upload(self, data: bytes) -> str:
        """Store an image file; the id names it in `ImageSource(upload_id=...)`.

        Raises:
            InputTooLarge, InvalidRequest, StorageUnavailable: it cannot be stored.
        """
        return upload_id(self._uploads.put(data))

    @door
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
