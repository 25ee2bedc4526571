"""Following one job without holding a thread: its events as they come, and its end; and following all of them."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial

from latentrelay.client import Client
from latentrelay.contracts import Job
from latentrelay.errors import StackUnavailable
from latentrelay.events import JobEvent
from latentrelay.jobs import News, keys
from services.gateway.hub import Hub

AWAY_SECONDS = 1.0
LOOK_SECONDS = 5.0  # a bell that was lost with Redis costs no more


async def follow(client: Client, hub: Hub, job_id: str, after: str, every: float) -> AsyncGenerator[JobEvent | None]:
    """What happened to a job after the entry `after`, and what happens, to its end; None now and then.

    It says None when nothing happened for `every` seconds, and while it waits for a Redis that is away.

    Raises:
        NotFound: there is no such job.
    """
    with hub.watching(keys.events(job_id), after) as bell:
        while True:
            bell.quiet()
            try:
                told = await asyncio.to_thread(client.happened, job_id, after)
            except StackUnavailable:
                yield None
                await asyncio.sleep(AWAY_SECONDS)
                continue
            for event in told.events:
                after = event.id
                yield event
            if told.is_over:
                return
            quiet_until = time.monotonic() + LOOK_SECONDS
            while not told.events and time.monotonic() < quiet_until and not await bell.rings(within=every):
                yield None


async def follow_all(client: Client, hub: Hub, after: str | None) -> AsyncGenerator[News]:
    """What happened to all jobs after the entry `after`, and what happens, without end. Waits where Redis is away."""
    while True:
        with suppress(StackUnavailable):
            begun = await asyncio.to_thread(client.news, after)
            break
        await asyncio.sleep(AWAY_SECONDS)
    yield begun
    after = begun.after
    with hub.watching(client.feed, after) as bell:
        while True:
            bell.quiet()
            try:
                place = client.feed, after, hub.heard(client.feed)
                told = await hub.reads.read(place, partial(client.news, after))
            except StackUnavailable:
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if told.news or told.was_reset:
                yield told
            elif told.after == after:
                await bell.rings(within=LOOK_SECONDS)
            after = told.after


async def ended(client: Client, hub: Hub, job_id: str, within: float) -> Job:
    """The job when it has ended, or as it stands after `within` seconds. Waits for a Redis that is away.

    Raises:
        NotFound: there is no such job.
        StackUnavailable: Redis is still away then.
    """
    until = time.monotonic() + within
    with hub.watching(keys.events(job_id), "0") as bell:
        while True:
            bell.quiet()
            job = await _stands(client, job_id, until)
            left = until - time.monotonic()
            if job.status.is_terminal or left <= 0:
                return job
            await bell.rings(within=min(left, LOOK_SECONDS))


async def _stands(client: Client, job_id: str, until: float) -> Job:
    while True:
        try:
            return await asyncio.to_thread(client.get, job_id)
        except StackUnavailable:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(AWAY_SECONDS)
