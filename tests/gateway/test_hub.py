"""Those who watch are woken, whoever else watches."""

import asyncio
from collections.abc import Iterator

import pytest

from latentrelay.jobs import RedisClient, connect, keys
from latentrelay.settings import Settings
from services.gateway.hub import Hub


@pytest.fixture
def redis(settings: Settings) -> Iterator[RedisClient]:
    redis = connect(settings)
    yield redis
    redis.close()


def test_who_waits_for_what_never_comes_holds_nobody_else_who_watches_the_job(
    settings: Settings, redis: RedisClient
) -> None:
    hub = Hub(connect(settings))
    hub.start()

    async def both_watch() -> bool:
        stream = keys.events("job")
        with hub.watching(stream, "9" * 19), hub.watching(stream, "0") as bell:
            redis.xadd(stream, {"type": "job.queued"})
            return await bell.rings(within=30)

    assert asyncio.run(both_watch())
    hub.close()
