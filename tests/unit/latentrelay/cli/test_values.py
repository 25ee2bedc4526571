from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from latentrelay.cli.source import holds_image, read_source
from latentrelay.cli.values import join_pairs, read_job_image, read_moment, read_number, read_pair


@pytest.mark.parametrize("word", ["1024x768", "1024,768", "1024 768", " 1024 x 768 "])
def test_a_pair_is_written_in_several_ways(word):
    assert read_pair(word) == [1024, 768]


@pytest.mark.parametrize("word", ["1024", "x768", "1x2x3", "-1x2", "1.5x2"])
def test_what_is_no_pair_is_left_for_the_contract_to_refuse(word):
    assert read_pair(word) == word


def test_only_fields_of_numbers_are_read_as_numbers():
    assert read_number("integer", "7") == 7
    assert read_number("number", "0.5") == 0.5
    assert read_number("string", "7") == "7"
    assert read_number("integer", "seven") == "seven"


def test_two_numbers_after_a_pair_option_are_one_value():
    pairs = frozenset({"--original-size"})
    assert join_pairs(["--original-size", "1", "2", "x"], pairs) == ["--original-size", "1x2", "x"]
    assert join_pairs(["--original-size", "1x2", "3"], pairs) == ["--original-size", "1x2", "3"]
    assert join_pairs(["--seed", "1", "2"], pairs) == ["--seed", "1", "2"]
    assert join_pairs(["--original-size", "1", "2", "3"], pairs) == ["--original-size", "1x2", "3"]


@pytest.mark.parametrize(
    ("word", "source"),
    [
        ("cat.png", Path("cat.png")),
        ("./job:1", Path("./job:1")),
        ("job:", Path("job:")),
        ("-", Path("-")),
        ("https://example.com/a.png", {"url": "https://example.com/a.png"}),
        ("http://example.com/a.png", {"url": "http://example.com/a.png"}),
        ("job:abc", {"job": {"job_id": "abc"}}),
        ("job:abc:2", {"job": {"job_id": "abc", "index": 2}}),
        ("upload:u1", {"upload_id": "u1"}),
        ("data:image/png;base64,AA==", {"data_uri": "data:image/png;base64,AA=="}),
    ],
)
def test_image_is_a_file_a_url_a_job_an_upload_or_a_data_uri(word, source):
    assert read_source(word) == source


def test_the_index_of_a_job_that_is_no_number_is_left_for_the_contract_to_refuse():
    assert read_job_image("abc:x") == {"job_id": "abc", "index": "x"}


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff\xe0...", b"RIFF\n\x00\x00\x00WEBPVP8 "])
def test_an_image_is_known_by_how_it_begins(data):
    assert holds_image(data)


@pytest.mark.parametrize(
    "data", [b"", b"# Words", b"GIF89a", b"\x89PNG", b"RIFF\n\x00\x00\x00WAVEfmt ", b" \xff\xd8\xff"]
)
def test_whatever_begins_otherwise_is_none(data):
    assert not holds_image(data)


NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "seconds"), [("90s", 90), ("30min", 1800), ("2h", 7200), ("2 h", 7200), ("7d", 604800)]
)
def test_an_age_is_so_long_before_now(word, seconds):
    assert read_moment(word, NOW) == NOW - timedelta(seconds=seconds)


def test_a_time_is_by_its_offset_and_without_one_by_the_clock_of_this_machine():
    assert read_moment("2030-01-01T14:00:00+02:00", NOW) == NOW
    assert read_moment("2030-01-01T12:00:00Z", NOW) == NOW
    assert read_moment("2030-01-01 12:00:00", NOW) == datetime(2030, 1, 1, 12).astimezone()


@pytest.mark.parametrize("word", ["", "2", "h", "-2h", "2w", "999999d", "yesterday", "2030-13-01", "12:00"])
def test_what_is_neither_an_age_nor_a_time_is_refused(word):
    with pytest.raises(ValueError):
        read_moment(word, NOW)


@pytest.mark.parametrize("word", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z"])
def test_the_ends_of_the_calendar_are_times_or_refused(word):
    with suppress(ValueError):
        assert read_moment(word, NOW).tzinfo
