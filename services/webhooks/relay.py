"""Turns rows of the outbox into messages: one process at a time, the next one as soon as that is gone."""

import logging
import secrets
import threading
from collections.abc import Callable

from latentrelay.jobs import UNREACHABLE, RedisClient, keys
from latentrelay.webhooks.outbox import Outbox
from services.webhooks.repeating import repeat

TURN_MS = 10_000  # whose turn it is says so again at least each second
BLOCK_MS = 1000

log = logging.getLogger(__name__)


class Relay:
    """Reads the outbox when it is its turn. Two at once would do no harm, and the same work.

    Args:
        redis: the client.
        outbox: of the stack.
        posted: called whenever messages were made.
    """

    def __init__(self, redis: RedisClient, outbox: Outbox, posted: Callable[[], None]) -> None:
        self._redis = redis
        self._outbox = outbox
        self._posted = posted
        self._name = secrets.token_hex(8)

    def run(self, stopping: threading.Event) -> None:
        """Relay until `stopping`."""
        repeat(lambda: self._turn(stopping), stopping)
        self._give_way()

    def _turn(self, stopping: threading.Event) -> None:
        if not self._is_mine():
            stopping.wait(BLOCK_MS / 1000)
            return
        if self._outbox.post(*self._outbox.rows(BLOCK_MS)):
            self._posted()

    def _is_mine(self) -> bool:
        if self._redis.get(keys.RELAY) == self._name:
            return bool(self._redis.pexpire(keys.RELAY, TURN_MS))
        return bool(self._redis.set(keys.RELAY, self._name, nx=True, px=TURN_MS))

    def _give_way(self) -> None:
        try:
            if self._redis.get(keys.RELAY) == self._name:
                self._redis.delete(keys.RELAY)
        except UNREACHABLE:  # its turn ends by itself
            log.warning("Redis is away at the end")
