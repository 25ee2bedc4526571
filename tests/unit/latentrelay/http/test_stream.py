"""A job's events, from text that comes in any pieces."""

import pytest

from latentrelay.errors import NotFound, StackUnavailable
from latentrelay.http.answers import Answer, Lost
from latentrelay.http.stream import Decoder, Place

EVENT = (
    '{"id":"7-0","type":"job.progress","job_id":"a","timestamp":"2030-01-01T00:00:00Z","sequence":2,'
    '"status":"running","attempt":1,"preview_href":"/v1/jobs/a/preview"}'
)
TEXT = (
    f"retry: 1000\n\n: ping\n\nevent: queue\ndata: {{}}\n\nid: 7-0\nevent: job.progress\ndata: {EVENT}\n\n"
    f"event: job.of_a_later_version\ndata: {{}}\n\nid: 8-0\r\nevent: job.succeeded\r\n"
    f"data: {EVENT.replace('7-0', '8-0').replace('progress', 'succeeded')}\r\n\r\n"
)
CUT = Lost("ReadError: cut", is_unsent=False)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 10_000])
def test_events_are_read_alike_however_their_text_is_cut(size: int) -> None:
    place = Place("0", retries=0)
    place.opened()
    found = [event for at in range(0, len(TEXT), size) for event in place.read(TEXT[at : at + size])]
    assert [event and event.type for event in found] == [None, "job.progress", "job.succeeded"]
    assert (place.after, place.is_over) == ("8-0", True)


def test_data_of_several_lines_and_odd_characters_stays_whole() -> None:
    text = "event: x\ndata:a\u2028b\ndata:  c:d\n\n"
    assert list(Decoder().read(text)) == [("x", "a\u2028b\n c:d")]


def test_half_an_event_is_forgotten_with_its_connection() -> None:
    place = Place("0", retries=0)
    place.opened()
    assert list(place.read("event: job.progress\ndata: {")) == []
    place.opened()
    assert [event and event.id for event in place.read(TEXT)] == [None, "7-0", "8-0"]


def test_a_gateway_that_never_answered_is_given_up_and_one_that_did_is_waited_for() -> None:
    place = Place("0", retries=1)
    place.broke = CUT
    assert place.pause(0.5) > 0
    with pytest.raises(StackUnavailable):
        place.pause(0.5)
    place.opened()
    place.broke = CUT
    assert all(place.pause(0.5) > 0 for _ in range(100))


def test_what_trying_again_cannot_mend_is_raised_at_any_time() -> None:
    place = Place("0", retries=5)
    place.opened()
    place.broke = Answer(404, {})
    with pytest.raises(NotFound):
        place.pause(0.5)


def test_a_stream_that_ended_in_order_is_soon_taken_up_again() -> None:
    place = Place("0", retries=0)
    assert place.pause(1.0) == place.pause(1.0) < 1
