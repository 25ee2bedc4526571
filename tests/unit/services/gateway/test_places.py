"""Places that tenants share: few in all, fewer of one."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from latentrelay.errors import QueueFull
from services.gateway.bounds.places import Places

SOON = 0.05


def test_a_tenant_that_holds_all_of_its_own_is_told_to_come_back_and_others_still_find_one() -> None:
    async def tried() -> None:
        places = Places(at_once=3, each=2, patience=SOON)
        async with places.held("ada"), places.held("ada"):
            with pytest.raises(QueueFull) as refused:
                await enter(places, "ada")
            assert refused.value.retry_after
            await enter(places, "bob")

    asyncio.run(tried())


def test_who_waits_for_its_own_takes_no_place_of_others() -> None:
    async def tried() -> None:
        places = Places(at_once=3, each=2, patience=10)
        async with AsyncExitStack() as held:
            for _ in range(2):
                await held.enter_async_context(places.held("ada"))
            waiting = [asyncio.create_task(enter(places, "ada")) for _ in range(9)]
            await asyncio.sleep(0)
            await asyncio.wait_for(enter(places, "bob"), 5)
            assert not any(task.done() for task in waiting)
        await asyncio.gather(*waiting)

    asyncio.run(tried())


def test_when_all_are_held_the_next_tenant_is_told_to_come_back_and_finds_one_later() -> None:
    async def tried() -> None:
        places = Places(at_once=1, each=1, patience=SOON)
        async with places.held("ada"):
            with pytest.raises(QueueFull):
                await enter(places, "bob")
        await enter(places, "bob")

    asyncio.run(tried())


def test_what_breaks_inside_gives_its_place_back() -> None:
    async def tried() -> None:
        places = Places(at_once=1, each=1, patience=SOON)
        with pytest.raises(TimeoutError, match="of the inside"):
            async with places.held("ada"):
                raise TimeoutError("of the inside")
        await enter(places, "ada")

    asyncio.run(tried())


async def enter(places: Places, tenant: str) -> None:
    async with places.held(tenant):
        pass
