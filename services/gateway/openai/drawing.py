"""From what a call asks for to its answer: submit, wait, tell."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext, suppress
from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from latentrelay.client import Client
from latentrelay.contracts import Artifact, Job, JobStatus, Role
from latentrelay.errors import LatentRelayError, Unauthorized
from latentrelay.settings import Links
from services.gateway.access import gateway_of
from services.gateway.bounds.places import places_of, waits_for_others
from services.gateway.bounds.store_threads import store_threads_of
from services.gateway.following import ended, follow
from services.gateway.openai import answers, errors
from services.gateway.openai.asked import Asked
from services.gateway.request_log import GONE, REQUEST_ID
from services.gateway.revocation import is_admitted, while_admitted
from services.gateway.signed_links import Linked
from services.gateway.sse import MEDIA_TYPE, PING
from services.gateway.streaming import Streamed, lively

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """One call of OpenAI's Images API."""

    request: Request
    client: Client
    asked: Asked
    upload_id: str | None = None
    """Of the image that came with it."""

    async def answer(self) -> Response:
        """Submit the job, and answer with its images, or why there are none.

        Raises:
            LatentRelayError: it cannot be submitted.
        """
        slow = waits_for_others(self.asked.request, gateway_of(self.request).settings)
        async with places_of(self.request).held(self.request.state.caller.tenant) if slow else nullcontext():
            job = await run_in_threadpool(self._submitted)
        self.request.state.job_id = job.id  # for the log
        try:
            return self._streamed(job) if self.asked.parameters.stream else await self._waited(job)
        except Unauthorized:
            raise
        except LatentRelayError as error:
            repeatable = self.asked.request.idempotency_key is not None
            return errors.after_submission(error, job, is_repeatable=repeatable)

    def _submitted(self) -> Job:
        try:
            with gateway_of(self.request).metrics.submitting(self.asked.request):
                return self.client.submit(self.asked.request)
        except LatentRelayError:
            if self.upload_id is not None and self.asked.request.idempotency_key is None:
                with suppress(LatentRelayError):  # the sweeper finds it
                    self.client.forget_upload(self.upload_id)
            raise

    async def _waited(self, job: Job) -> Response:
        gateway = gateway_of(self.request)
        seconds = gateway.settings.images_wait_seconds
        waiting = asyncio.ensure_future(ended(self.client, gateway.hub, job.id, seconds))
        leaving = asyncio.ensure_future(_left(self.request))
        try:
            await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                self._leave(job)
                return Response(status_code=GONE)
            await self._check_admitted()
            return await self._told(waiting.result(), seconds)
        finally:
            waiting.cancel()
            leaving.cancel()

    async def _check_admitted(self) -> None:
        """Waiting may take long; whose key was revoked meanwhile is told nothing more."""
        if not await asyncio.to_thread(is_admitted, gateway_of(self.request), self.request.state.caller):
            raise Unauthorized

    async def _told(self, job: Job, seconds: float) -> Response:
        if not job.status.is_terminal:
            return errors.not_ended_response(job, seconds)
        if job.status is not JobStatus.SUCCEEDED:
            return errors.failure_response(job)
        images = await run_in_threadpool(lambda: [self.client.image(job.id, index) for index in range(job.count)])
        data = [await self._image(job, image) for image in images]
        return JSONResponse(answers.images_answer(job, self.asked.parameters, data), headers={REQUEST_ID: job.id})

    async def _image(self, job: Job, image: Artifact) -> dict[str, object]:
        if self.asked.parameters.response_format == "b64_json":
            return answers.file_told(image, await self._file(image))
        return answers.link_told(image, await run_in_threadpool(self._link, job, image))

    async def _file(self, image: Artifact) -> bytes:
        threads = store_threads_of(self.request)
        return b"".join([piece async for piece in threads.pieces(await threads.run(self.client.stream, image))])

    def _link(self, job: Job, image: Artifact) -> str:
        gateway = gateway_of(self.request)
        if gateway.settings.links is Links.STORE:
            return self.client.link(image, answers.LINK_SECONDS)
        until = int(time.time()) + answers.LINK_SECONDS
        token = gateway.signed_links.token(Linked(job.id, image.index, Role.FINAL, until))
        return str(self.request.url_for("linked_file", token=token))

    def _streamed(self, job: Job) -> Response:
        gateway, caller = gateway_of(self.request), self.request.state.caller
        settings = gateway.settings
        events = lively(self._events(job), settings.ping_seconds, PING)
        pieces = self._while_read(job, while_admitted(gateway, caller, events))
        headers = {REQUEST_ID: job.id, "Cache-Control": "no-store"}
        return Streamed(pieces, patience=settings.reader_seconds, media_type=MEDIA_TYPE, headers=headers)

    async def _while_read(self, job: Job, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        finally:
            self._leave(job)

    async def _events(self, job: Job) -> AsyncGenerator[bytes, None]:
        """Pictures on the way, then the images, or why there are none."""
        try:
            async with aclosing(self._partial(job)) as events:
                async for event in events:
                    yield event
            job = await run_in_threadpool(self.client.get, job.id)
            if job.status is not JobStatus.SUCCEEDED:
                yield answers.error_event(errors.failure(job)[1])
                return
            for index in range(job.count):
                image = await run_in_threadpool(self.client.image, job.id, index)
                yield answers.completed_event(job, self.asked.parameters, await self._file(image))
        except LatentRelayError as error:  # the answer has begun: its status can tell nothing any more
            yield answers.error_event(errors.answer_of(error))

    async def _partial(self, job: Job) -> AsyncGenerator[bytes, None]:
        sent, wanted = 0, self.asked.parameters.partial_images or 0
        gateway = gateway_of(self.request)
        async with aclosing(follow(self.client, gateway.hub, job.id, "0", gateway.settings.ping_seconds)) as events:
            async for event in events:
                if event is None or not answers.is_due(event.progress, sent, wanted):
                    continue
                picture = await run_in_threadpool(self.client.preview, job.id)
                if picture:
                    yield answers.partial_event(job, self.asked.parameters, sent, picture)
                    sent += 1

    def _leave(self, job: Job) -> None:
        """Nobody waits for `job` any more: end it, unless a key lets somebody ask for it again."""
        if self.asked.request.idempotency_key is None:
            asyncio.get_running_loop().run_in_executor(None, self._cancel, job.id)

    def _cancel(self, job_id: str) -> None:
        try:
            self.client.cancel(job_id)  # one that has ended stays as it is
        except LatentRelayError as error:
            log.warning("job not canceled", extra={"job_id": job_id, "error": str(error)})


async def _left(request: Request) -> None:
    """Returns when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
