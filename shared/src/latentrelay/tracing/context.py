"""Which trace something belongs to, and beneath which of its spans: the `traceparent` of W3C Trace Context. Pure."""

import re
import secrets
from dataclasses import dataclass
from typing import Self

_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?P<span_id>(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-[!-~]*)?"
)
_SAMPLED = 1


@dataclass(frozen=True)
class TraceContext:
    """A trace, and the span that is the parent of whatever begins here.

    Args:
        trace_id: 32 hexadecimal digits.
        span_id: 16 of them.
        is_sampled: whether whoever began the trace wants it told; everybody else does as it says.
    """

    trace_id: str
    span_id: str
    is_sampled: bool = True

    @classmethod
    def new(cls) -> Self:
        """A trace that nobody began before."""
        return cls(secrets.token_hex(16), secrets.token_hex(8))

    @classmethod
    def read(cls, traceparent: str | None) -> Self | None:
        """What `traceparent` tells; None where it is not exactly as the standard writes it."""
        found = _TRACEPARENT.fullmatch(traceparent or "")
        if found is None or (found["version"] == "00" and found["more"]):  # later versions may tell more
            return None
        return cls(found["trace_id"], found["span_id"], bool(int(found["flags"], 16) & _SAMPLED))

    @property
    def traceparent(self) -> str:
        """As it travels."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"


def in_logs(context: TraceContext | None) -> dict[str, str]:
    """What log lines tell of a trace."""
    return {} if context is None else {"trace_id": context.trace_id}
