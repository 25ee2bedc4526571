"""When a call is sent again."""

import pytest

from latentrelay.http.answers import Answer, Lost, Outcome
from latentrelay.http.retries import FIRST_SECONDS, LONGEST_SECONDS, PATIENCE_SECONDS, backoff, pause

REFUSED = Lost("ConnectError: refused", is_unsent=True)
CUT = Lost("ReadError: cut", is_unsent=False)


@pytest.mark.parametrize(
    ("outcome", "reading", "writing"),
    [
        (REFUSED, True, True),
        (CUT, True, False),
        (Answer(429, {}), True, True),
        (Answer(503, {}), True, True),
        (Answer(408, {}), True, False),
        (Answer(502, {}), True, False),
        (Answer(504, {}), True, False),
        (Answer(200, {}), False, False),
        (Answer(400, {}), False, False),
        (Answer(404, {}), False, False),
        (Answer(409, {}), False, False),
        (Answer(500, {}), False, False),
    ],
)
def test_what_may_have_been_done_is_repeated_only_where_that_does_no_harm(
    outcome: Outcome, *, reading: bool, writing: bool
) -> None:
    assert (pause(outcome, 1, is_repeatable=True, luck=0.5) is not None) == reading
    assert (pause(outcome, 1, is_repeatable=False, luck=0.5) is not None) == writing


def test_pauses_double_up_to_a_longest_one_and_are_never_all_alike() -> None:
    assert [backoff(attempt, 1.0) for attempt in (1, 2, 3)] == [FIRST_SECONDS, FIRST_SECONDS * 2, FIRST_SECONDS * 4]
    assert backoff(10_000, 1.0) == LONGEST_SECONDS
    assert backoff(3, 0.0) < backoff(3, 0.5) < backoff(3, 1.0)


@pytest.mark.parametrize("luck", [0.0, 0.5, 1.0])
def test_what_the_server_asks_for_is_waited_out_and_no_less(luck: float) -> None:
    seconds = pause(Answer(503, {"retry-after": "7"}), 1, is_repeatable=False, luck=luck)
    assert seconds is not None
    assert 7 <= seconds < 10


def test_who_is_told_to_come_back_much_later_is_told_so_at_once() -> None:
    tomorrow = Answer(429, {"retry-after": str(int(PATIENCE_SECONDS) + 1)})
    assert pause(tomorrow, 1, is_repeatable=True, luck=0.5) is None


@pytest.mark.parametrize("text", ["", "soon", "-1", "²", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_of_seconds_counts_as_none(text: str) -> None:
    assert Answer(503, {"retry-after": text}).retry_after is None
