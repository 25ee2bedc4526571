"""Submit jobs, watch them, fetch what they made."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from latentrelay.client.foretelling import Foretelling
from latentrelay.client.operating import Operating
from latentrelay.client.overseeing import Overseeing
from latentrelay.contracts import Artifact, Job, JobRequest, JobStatus, Kind, Role, StageName, check_submission
from latentrelay.errors import Conflict, LatentRelayError, NotFound
from latentrelay.events import JobEvent
from latentrelay.flow import route
from latentrelay.jobs import UNREACHABLE, Happened, JobPage, door
from latentrelay.sources import comes_from_outside
from latentrelay.tracing import TraceContext
from latentrelay.uploads import upload_id

AWAY_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """A job, and whether its idempotency key stood for it already."""

    job: Job
    is_replayed: bool


class Client(Overseeing, Operating, Foretelling):
    """Submits jobs, watches them, fetches what they made.

    Every method but `wait` and `events`, which wait for it, raises `StackUnavailable` while Redis is away.
    """

    def submit(self, request: JobRequest) -> Job:
        """Record a job and tell the workers of its first stage. The same idempotency key answers with the same job.

        Raises:
            InvalidRequest, NotFound, Conflict, InputTooLarge, InputUndecodable, UnsafeUrl: what is asked cannot be.
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            RateLimited: too many of this tenant do, or its pixels for today are spent.
            Forbidden: it asks for more pixels than this tenant may ask for in a day.
            StorageUnavailable: the store does not answer as it should.
        """
        return self.submission(request).job

    @door
    def submission(self, request: JobRequest) -> Submission:
        """As `submit`; told apart: a job that is new, and one that an earlier submission made."""
        with self._submitting() as span:
            made = self._submission(request, span.context)
            span.tell(job_id=made.job.id, kind=made.job.kind, is_replayed=made.is_replayed)
        return made

    def _submission(self, request: JobRequest, trace: TraceContext | None) -> Submission:
        if request.idempotency_key and (earlier := self._jobs.replayed(request)):
            return Submission(self._foretold(earlier), is_replayed=True)
        check_submission(request, datetime.now(UTC))
        told_to = self.webhooks.target_of(request)
        if comes_from_outside(request):
            self._jobs.check(request)  # limits and quotas, before anything is fetched or stored
        job_id = uuid.uuid4().hex
        recorded, inputs = self._sources.bring(request, job_id)
        brought = any(upload_id(made) == job_id for made in inputs)
        try:
            job = self._jobs.submit(job_id, request, recorded.with_seed(), inputs, told_to=told_to, trace=trace)
        except LatentRelayError:
            self._drop(job_id, brought=brought)
            raise
        is_replayed = job.id != job_id
        if is_replayed:
            self._drop(job_id, brought=brought)
        else:
            self._hints.nudge(route(request)[0], job.id, trace)
        return Submission(self._foretold(job), is_replayed)

    @door
    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is no such job.
        """
        return self._foretold(self._jobs.get(job_id))

    @door
    def list(
        self,
        *,
        status: JobStatus | None = None,
        kind: Kind | None = None,
        stage: StageName | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Jobs, newest first, at most 250 a page."""
        page = self._jobs.list(status=status, kind=kind, stage=stage, limit=limit, cursor=cursor)
        return replace(page, jobs=tuple(map(self._foretold, page.jobs)))

    def events(self, job_id: str, after: str = "0") -> Iterator[JobEvent]:
        """What happened and happens to a job, to its end. Waits for Redis where it is away.

        Raises:
            NotFound: there is no such job.
            InvalidRequest: `after` is no event's id.
        """
        return (event for event in self._watch(job_id, after) if event is not None)

    @door
    def happened(self, job_id: str, after: str = "0") -> Happened:
        """What happened to a job after the event `after`, at most the next hundred events. Does not wait.

        Raises:
            NotFound: there is no such job.
            InvalidRequest: `after` is no event's id.
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
    def upload_file(self, file: BinaryIO, idempotency_key: str | None = None) -> Artifact:
        """The same of a file that can be sought, without holding it in memory meanwhile.

        The same key and file again are the same upload.

        Raises:
            InputTooLarge, InvalidRequest, StorageUnavailable: it cannot be stored.
        """
        if idempotency_key is None:
            return self._uploads.put_file(file)
        return self._uploads.put_once(file, idempotency_key)

    @door
    def forget_upload(self, upload_id: str) -> None:
        """Remove an upload, unless a job that lives reads it.

        Raises:
            NotFound: there is no such upload.
            StorageUnavailable: the store does not answer as it should; the sweeper will find it.
        """
        self._uploads.get(upload_id)
        self._uploads.remove(upload_id)

    @door
    def download(self, job_id: str, index: int = 0, role: Role = Role.FINAL) -> bytes:
        """The file of one image of a job.

        Raises:
            NotFound: there is no such job or image.
            Conflict: the image is not ready.
        """
        return self._store.get(self.image(job_id, index, role))

    def image(self, job_id: str, index: int = 0, role: Role = Role.FINAL) -> Artifact:
        """What is stored of one image of a job; `stream` and `link` bring it.

        Raises:
            NotFound, Conflict: as for `download`.
        """
        job = self.get(job_id)
        image = job.image(index, role)
        if image is not None:
            return image
        if not job.status.is_terminal and any((told.index, told.role) == (index, role) for told in job.images):
            raise Conflict(f"Image {index} ({role}) of job {job_id} is not ready.")
        raise NotFound(f"Job {job_id} makes no image {index} ({role}), or it is no longer kept.")

    def stream(self, image: Artifact) -> Iterator[bytes]:
        """The file of an image in pieces; the last one comes only when all were right.

        Raises:
            NotFound: the store has lost it.
            StorageUnavailable: the store does not answer as it should.
        """
        return self._store.stream(image)

    def link(self, image: Artifact, seconds: int) -> str:
        """A link with which anybody may download the file of an image for `seconds`; it asks nobody."""
        return self._store.presigned(image.key, seconds)

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
