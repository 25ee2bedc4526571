"""What tells spans: the port, and what stands behind it where nobody wants traces."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from latentrelay.tracing.context import TraceContext

Value = str | int | float | bool
"""What is told of a span: ids, names out of closed sets, numbers. Never what was asked for, a URL, or a key."""


class Kind(StrEnum):
    """What a span is to those around it. A request or a submission may begin a trace; all else is a part of one."""

    SERVER = "server"
    """A request that makes a job."""
    PRODUCER = "producer"
    """A submission."""
    CONSUMER = "consumer"
    """An attempt of a stage."""
    CLIENT = "client"
    """An attempt to send a webhook."""
    INTERNAL = "internal"

    @property
    def begins(self) -> bool:
        """Whether it may be the first span of a trace."""
        return self in (Kind.SERVER, Kind.PRODUCER)


class Span(Protocol):
    """Something that takes a while."""

    @property
    def context(self) -> TraceContext | None:
        """Where its children belong; None where it belongs to no trace."""

    def tell(self, **attributes: Value) -> None:
        """More of it."""

    def fail(self, code: str) -> None:
        """It ended badly."""

    def child(self, name: str) -> AbstractContextManager[None]:
        """A part of it, told with the whole: what is killed leaves no part behind that belongs to nothing."""


class Tracer(Protocol):
    """Tells spans. It never waits for whoever takes them, and raises nothing."""

    def span(
        self, name: str, kind: Kind, parent: TraceContext | None, /, **attributes: Value
    ) -> AbstractContextManager[Span]:
        """A span of what happens inside. What leaves it by an exception failed, by its code or its type alone."""

    def tell(
        self, name: str, parent: TraceContext | None, began: datetime, ended: datetime, /, **attributes: Value
    ) -> None:
        """A span of what is over."""

    def close(self) -> None:
        """Send what has not been sent yet, for a few seconds at most."""


class NullSpan:
    """Tells nothing. It keeps the trace that it is a part of, or where it may begins one, so that logs name it."""

    def __init__(self, context: TraceContext | None) -> None:
        self.context = context

    def tell(self, **attributes: Value) -> None:
        """Nothing."""

    def fail(self, code: str) -> None:
        """Nothing."""

    def child(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002  # the protocol's
        """Nothing."""
        return nullcontext()


class NullTracer:
    """Tells nothing."""

    @contextmanager
    def span(
        self,
        name: str,  # noqa: ARG002  # the protocol's
        kind: Kind,
        parent: TraceContext | None,
        /,
        **attributes: Value,  # noqa: ARG002  # as above
    ) -> Iterator[Span]:
        """A span that tells nothing, of the trace of its parent."""
        yield NullSpan(parent or (TraceContext.new() if kind.begins else None))

    def tell(
        self, name: str, parent: TraceContext | None, began: datetime, ended: datetime, /, **attributes: Value
    ) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


NULL = NullTracer()
