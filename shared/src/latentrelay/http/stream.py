"""A job's events as text that comes piece by piece, and where one is in them. Pure: connections are for others."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from latentrelay.events import EventType, JobEvent
from latentrelay.http.answers import Outcome
from latentrelay.http.refusals import refusal
from latentrelay.http.retries import backoff, pause

_TOLD = frozenset(EventType)


class Decoder:
    """Server-sent events, from text as it comes; lines end with LF or CRLF."""

    def __init__(self) -> None:
        self._rest = ""
        self._type = ""
        self._data: list[str] = []

    def read(self, text: str) -> Iterator[tuple[str, str] | None]:
        """The type and the data of each event that is whole now; None for a comment, such as a ping."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            yield from self._line(line.removesuffix("\r"))

    def _line(self, line: str) -> Iterator[tuple[str, str] | None]:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if self._data:
                yield self._type, "\n".join(self._data)
            self._type, self._data = "", []
        elif not name:
            yield None
        elif name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)


@dataclass
class Place:
    """Where one is in the events of a job, across the connections that bring them."""

    after: str
    """The id of the last event that was read."""
    retries: int
    """How often a first connection is tried again; once there was one, the next is waited for without end."""
    is_over: bool = False
    """No event follows."""
    broke: Outcome | None = None
    """How the last connection came to nothing, or broke; None where it did not."""
    was_ended: bool = False
    """Whether the gateway ended the last connection, in order."""
    _decoder: Decoder = field(default_factory=Decoder)
    _has_begun: bool = False
    _failures: int = 0

    def opened(self) -> None:
        """A connection has come about."""
        self._decoder, self._has_begun, self._failures = Decoder(), True, 0
        self.broke, self.was_ended = None, False

    def read(self, text: str) -> Iterator[JobEvent | None]:
        """The events that are whole now; None for a sign of life."""
        for found in self._decoder.read(text):
            if found is None:
                yield None
            elif found[0] in _TOLD:
                event = JobEvent.model_validate_json(found[1])
                self.after, self.is_over = event.id, event.type.is_terminal
                yield event

    def pause(self, luck: float) -> float:
        """Seconds until the next connection is tried.

        Raises:
            LatentRelayError: trying again is in vain, or has been for long.
        """
        if self.broke is None:
            return backoff(1, luck)
        self._failures += 1
        seconds = pause(self.broke, self._failures, is_repeatable=True, luck=luck)
        if seconds is None or (self._failures > self.retries and not self._has_begun):
            raise refusal(self.broke)
        return seconds
