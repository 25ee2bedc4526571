"""The producer's door over HTTP, for programs with an event loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from itertools import count
from typing import Self, TypeVar

import httpx2

from latentrelay.contracts import Estimate, Job, JobPage, JobRequest, JobStatus, Kind, Role, StageName
from latentrelay.errors import RetryableError
from latentrelay.events import JobEvent
from latentrelay.http import calls
from latentrelay.http.address import CONNECT_SECONDS, QUIET_SECONDS, Address
from latentrelay.http.answers import SUCCESS, Answer, Lost, Outcome
from latentrelay.http.async_operating import AsyncOperatingOverHttp
from latentrelay.http.async_webhooks import AsyncWebhooksOverHttp
from latentrelay.http.call import Call
from latentrelay.http.retries import chance, pause
from latentrelay.http.stream import Place

Told = TypeVar("Told")


class AsyncHttpClient(AsyncOperatingOverHttp):
    """`latentrelay.http.HttpClient` for programs with an event loop: the same methods, awaited; the same errors.

    Args:
        base_url: of the gateway; absent: LATENTRELAY_URL.
        api_key: absent: LATENTRELAY_API_KEY, or none.
        retries: how often a call is sent again.
    """

    def __init__(self, base_url: str | None = None, api_key: str | None = None, *, retries: int = 4) -> None:
        self._address = Address.configured(base_url, api_key)
        self._retries = retries
        self._http = httpx2.AsyncClient(**self._address.options())
        self.webhooks = AsyncWebhooksOverHttp(self._ask)
        """Who is told what of jobs, and how that goes."""

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the connections."""
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def submit(self, request: JobRequest) -> Job:
        """Submit a job. The same idempotency key answers with the same job; where there is none, one is drawn.

        Raises:
            InvalidRequest, NotFound, Conflict, InputTooLarge, InputUndecodable, UnsafeUrl: what is asked cannot be.
            IdempotencyMismatch: the key was used for another request.
            QueueFull: too many jobs wait already.
            RateLimited: that is more than this API key may ask for now; `retry_after` tells when it may.
            Unauthorized, Forbidden: the API key is not valid, or may not submit. As for every call.
            StackUnavailable, StorageUnavailable: the gateway or what stands behind it is away. As for every call.
        """
        return await self._ask(calls.submit(request))

    async def estimate(self, request: JobRequest) -> Estimate:
        """What a job would cost, and whether it would be taken, without making it.

        Raises:
            InvalidRequest: a field is wrong.
        """
        return await self._ask(calls.estimate(request))

    async def get(self, job_id: str) -> Job:
        """A job as it stands.

        Raises:
            NotFound: there is no such job, or it is not yours.
        """
        return await self._ask(calls.get(job_id))

    async def list(
        self,
        *,
        status: JobStatus | None = None,
        kind: Kind | None = None,
        stage: StageName | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Jobs, newest first, at most 250 a page."""
        return await self._ask(calls.listing(status, kind, stage, limit, cursor))

    async def events(self, job_id: str, after: str = "0") -> AsyncGenerator[JobEvent, None]:
        """What happened and happens to a job, to its end. A connection that breaks is taken up where it broke.

        Raises:
            NotFound: there is no such job.
            StackUnavailable: the gateway did not answer from the beginning; later, it is waited for.
        """
        async with aclosing(self._watch(job_id, Place(after, self._retries))) as watched:
            async for event in watched:
                yield event

    async def wait(
        self, job_id: str, timeout: float | None = None, on_event: Callable[[JobEvent], None] | None = None
    ) -> Job:
        """The job when it has ended, well or badly.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds; it goes on.
            NotFound: there is no such job.
        """
        try:
            async with asyncio.timeout(timeout), aclosing(self.events(job_id)) as events:
                async for event in events:
                    if on_event is not None:
                        on_event(event)
        except TimeoutError:
            raise TimeoutError(f"Job {job_id} has not ended after {timeout} s; it goes on.") from None
        return await self.get(job_id)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job, whatever state it is in.

        Raises:
            NotFound: there is no such job.
        """
        return await self._ask(calls.cancel(job_id))

    async def delete(self, job_id: str) -> None:
        """Forget a job that has ended, and remove what it brought and made; uploads of their own stay.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it brought or made.
        """
        await self._ask(calls.delete(job_id))

    async def upload(self, data: bytes) -> str:
        """Store an image file; the id names it in `ImageSource(upload_id=...)`.

        Raises:
            InputTooLarge, InvalidRequest: it cannot be stored.
        """
        return await self._ask(calls.upload(data))

    async def download(self, job_id: str, index: int = 0, role: Role = Role.FINAL) -> bytes:
        """The file of one image of a job: from the store, or through the gateway where the store is out of reach.

        Raises:
            NotFound: there is no such job or image.
            Conflict: the image is not ready.
        """
        found = await self._ask(calls.image_or_link(job_id, index, role))
        if isinstance(found, bytes):
            return found
        linked = await self._send(calls.linked(found))
        if isinstance(linked, Answer) and linked.status in SUCCESS:
            return linked.body
        return await self._ask(calls.image(job_id, index, role))

    async def preview(self, job_id: str) -> bytes | None:
        """A small JPEG of what is being drawn; None where there is none yet, or no longer.

        Raises:
            NotFound: there is no such job.
        """
        return await self._ask(calls.preview(job_id))

    async def _ask(self, call: Call[Told]) -> Told:
        for attempt in count(1):
            outcome = await self._send(call)
            seconds = pause(outcome, attempt, is_repeatable=call.is_repeatable, luck=chance())
            if seconds is None or attempt > self._retries:
                return call.told(outcome)
            await asyncio.sleep(seconds)
        raise AssertionError

    async def _send(self, call: Call[Told]) -> Outcome:
        try:
            response = await self._http.request(**self._address.request(call))
        except httpx2.RequestError as error:
            return Lost.of(error)
        return Answer(response.status_code, response.headers, response.content)

    async def _watch(self, job_id: str, place: Place) -> AsyncGenerator[JobEvent, None]:
        while not place.is_over:
            async with aclosing(self._listen(job_id, place)) as heard:
                async for event in heard:
                    yield event
            if place.was_ended:
                place.is_over = await self._has_ended(job_id)
            if not place.is_over:
                await asyncio.sleep(place.pause(chance()))

    async def _listen(self, job_id: str, place: Place) -> AsyncGenerator[JobEvent, None]:
        """The events that one connection brings."""
        timeout = httpx2.Timeout(QUIET_SECONDS, connect=CONNECT_SECONDS)
        request = self._address.request(calls.events(job_id, place.after))
        try:
            async with self._http.stream(**request, timeout=timeout) as response:
                if response.status_code not in SUCCESS:
                    place.broke = Answer(response.status_code, response.headers, await response.aread())
                    return
                place.opened()
                async for text in response.aiter_text():
                    for event in place.read(text):
                        if event is not None:
                            yield event
                    if place.is_over:
                        return
                place.was_ended = True
        except httpx2.RequestError as error:
            place.broke = Lost.of(error)

    async def _has_ended(self, job_id: str) -> bool:
        """Asked where a stream ended without a last event: it was trimmed, or the gateway is being ended."""
        try:
            return (await self.get(job_id)).status.is_terminal
        except RetryableError:
            return False
