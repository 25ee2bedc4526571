"""The producer's door over HTTP."""

import math
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Self, TypeVar

import httpx2

from latentrelay.contracts import Estimate, Job, JobPage, JobRequest, JobStatus, Kind, Role, StageName
from latentrelay.errors import RetryableError
from latentrelay.events import JobEvent
from latentrelay.http import calls
from latentrelay.http.address import CONNECT_SECONDS, QUIET_SECONDS, Address
from latentrelay.http.answers import SUCCESS, Answer, Lost, Outcome
from latentrelay.http.call import Call
from latentrelay.http.operating import OperatingOverHttp
from latentrelay.http.retries import chance, pause
from latentrelay.http.stream import Place
from latentrelay.http.webhooks import WebhooksOverHttp

Told = TypeVar("Told")
SHORTEST_SECONDS = 0.1  # that a stream is listened to


class HttpClient(OperatingOverHttp):
    """Asks a gateway what `latentrelay.client.Client` asks Redis and the store: same names, same types, same errors.

    A call that fails in passing is sent again, where that does no harm: one that reads, and a submission, which always
    brings an idempotency key. Threads may share a client.

    Args:
        base_url: of the gateway; absent: LATENTRELAY_URL.
        api_key: absent: LATENTRELAY_API_KEY, or none.
        retries: how often a call is sent again.
    """

    def __init__(self, base_url: str | None = None, api_key: str | None = None, *, retries: int = 4) -> None:
        self._address = Address.configured(base_url, api_key)
        self._retries = retries
        self._http = httpx2.Client(**self._address.options())
        self.webhooks = WebhooksOverHttp(self._ask)
        """Who is told what of jobs, and how that goes."""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connections."""
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def submit(self, request: JobRequest) -> Job:
        """Submit a job. The same idempotency key answers with the same job; where there is none, one is drawn.

        Raises:
            InvalidRequest, NotFound, Conflict, InputTooLarge, InputUndecodable, UnsafeUrl: what is asked cannot be.
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            RateLimited: that is more than this API key may ask for now; `retry_after` tells when it may.
            Unauthorized, Forbidden: the API key is not valid, or may not submit. As for every call.
            StackUnavailable, StorageUnavailable: the gateway or what stands behind it is away. As for every call.
        """
        return self._ask(calls.submit(request))

    def estimate(self, request: JobRequest) -> Estimate:
        """What a job would cost, and whether it would be taken, without making it.

        Raises:
            InvalidRequest: a field is wrong.
        """
        return self._ask(calls.estimate(request))

    def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is no such job, or it is not yours.
        """
        return self._ask(calls.get(job_id))

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
        return self._ask(calls.listing(status, kind, stage, limit, cursor))

    def events(self, job_id: str, after: str = "0") -> Iterator[JobEvent]:
        """What happened and happens to a job, to its end. A connection that breaks is taken up where it broke.

        Raises:
            NotFound: there is no such job.
            StackUnavailable: the gateway did not answer from the beginning; later, it is waited for.
        """
        return (event for event in self._watch(job_id, Place(after, self._retries)) if event is not None)

    def wait(
        self, job_id: str, timeout: float | None = None, on_event: Callable[[JobEvent], None] | None = None
    ) -> Job:
        """The job when it has ended, well or badly.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds; it goes on.
            NotFound: there is no such job.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        place = Place("0", self._retries)
        for event in self._watch(job_id, place, until):
            if event is not None and on_event is not None:
                on_event(event)
            if time.monotonic() > until and not place.is_over:
                raise TimeoutError(f"Job {job_id} has not ended after {timeout} s; it goes on.")
        return self.get(job_id)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in.

        Raises:
            NotFound: there is no such job.
        """
        return self._ask(calls.cancel(job_id))

    def delete(self, job_id: str) -> None:
        """Forget a job that has ended, and remove what it brought and made; uploads of their own stay.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it brought or made.
        """
        self._ask(calls.delete(job_id))

    def upload(self, data: bytes) -> str:
        """Store an image file; the id names it in `ImageSource(upload_id=...)`.

        Raises:
            InputTooLarge, InvalidRequest: it cannot be stored.
        """
        return self._ask(calls.upload(data))

    def download(self, job_id: str, index: int = 0, role: Role = Role.FINAL) -> bytes:
        """The file of one image of a job: from the store, or through the gateway where the store is out of reach.

        Raises:
            NotFound: there is no such job or image.
            Conflict: the image is not ready.
        """
        found = self._ask(calls.image_or_link(job_id, index, role))
        if isinstance(found, bytes):
            return found
        linked = self._send(calls.linked(found))
        if isinstance(linked, Answer) and linked.status in SUCCESS:
            return linked.body
        return self._ask(calls.image(job_id, index, role))

    def preview(self, job_id: str) -> bytes | None:
        """A small JPEG of what is being drawn; None where there is none yet, or no longer.

        Raises:
            NotFound: there is no such job.
        """
        return self._ask(calls.preview(job_id))

    def _ask(self, call: Call[Told]) -> Told:
        for attempt in count(1):
            outcome = self._send(call)
            seconds = pause(outcome, attempt, is_repeatable=call.is_repeatable, luck=chance())
            if seconds is None or attempt > self._retries:
                return call.told(outcome)
            time.sleep(seconds)
        raise AssertionError

    def _send(self, call: Call[Told]) -> Outcome:
        try:
            response = self._http.request(**self._address.request(call))
        except httpx2.RequestError as error:
            return Lost.of(error)
        return Answer(response.status_code, response.headers, response.content)

    def _watch(self, job_id: str, place: Place, until: float = math.inf) -> Iterator[JobEvent | None]:
        """Events, and None now and then: whoever waits looks at the clock."""
        while not place.is_over:
            yield from self._listen(job_id, place, until)
            if place.was_ended:
                place.is_over = self._has_ended(job_id)
            yield None
            if not place.is_over:
                time.sleep(max(min(place.pause(chance()), until - time.monotonic()), 0))

    def _listen(self, job_id: str, place: Place, until: float) -> Iterator[JobEvent | None]:
        """The events that one connection brings. It is quiet for at most half of the time that is left."""
        quiet = max(min(QUIET_SECONDS, (until - time.monotonic()) / 2), SHORTEST_SECONDS)
        timeout = httpx2.Timeout(quiet, connect=min(CONNECT_SECONDS, quiet))
        request = self._address.request(calls.events(job_id, place.after))
        try:
            with self._http.stream(**request, timeout=timeout) as response:
                if response.status_code not in SUCCESS:
                    place.broke = Answer(response.status_code, response.headers, response.read())
                    return
                place.opened()
                for text in response.iter_text():
                    yield from place.read(text)
                    if place.is_over or until - time.monotonic() < quiet:
                        return
                place.was_ended = True
        except httpx2.RequestError as error:
            place.broke = Lost.of(error)

    def _has_ended(self, job_id: str) -> bool:
        """Asked where a stream ended without a last event: it was trimmed, or the gateway is being ended."""
        try:
            return self.get(job_id).status.is_terminal
        except RetryableError:
            return False
