"""The trace context, as W3C writes it."""

import pytest

from latentrelay.tracing import TraceContext

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("is_sampled", [True, False])
def test_a_context_is_read_as_it_was_written(*, is_sampled: bool) -> None:
    context = TraceContext(TRACE, SPAN, is_sampled)
    assert TraceContext.read(context.traceparent) == context


@pytest.mark.parametrize(
    ("told", "is_sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"01-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", True),
    ],
)
def test_versions_to_come_are_read_by_what_they_share_with_this_one(told: str, *, is_sampled: bool) -> None:
    assert TraceContext.read(told) == TraceContext(TRACE, SPAN, is_sampled)


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}{SPAN}-01",
        f"0x-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01more",
        f"00-{TRACE[:-1]}٣-{SPAN}-01",
    ],
)
def test_what_is_not_exactly_a_context_is_none(told: str | None) -> None:
    assert TraceContext.read(told) is None


def test_new_traces_are_all_different() -> None:
    assert len({TraceContext.new().trace_id for _ in range(100)}) == 100
