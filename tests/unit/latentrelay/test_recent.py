"""What the stages did lately, from minutes."""

from datetime import UTC, datetime

import pytest

from latentrelay.recent import ended_jobs, minutes_until, percentile, recent_work, to_minute, window_seconds

NOW = datetime(2030, 1, 1, 12, 0, 30, tzinfo=UTC)
LAST = minutes_until(NOW)[-1]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7], 0.5, 7),
        ([7], 0.95, 7),
        ([2, 1], 0.5, 1),
        ([3, 1, 2], 0.5, 2),
        (range(1, 101), 0.95, 95),
        (range(1, 101), 1.0, 100),
    ],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, share, expected):
    assert percentile([(value, 1.0) for value in values], share) == expected


def test_a_value_counts_for_as_many_jobs_as_it_stands_for():
    assert percentile([(1.0, 9.0), (5.0, 1.0)], 0.5) == 1.0
    assert percentile([(1.0, 1.0), (5.0, 9.0)], 0.5) == 5.0


def test_fractions_that_add_up_do_not_move_a_percentile():
    assert percentile([(float(value), 1 / 3) for value in range(1, 11)], 0.5) == 5.0


def test_the_window_is_this_minute_and_the_fourteen_before():
    assert len(minutes_until(NOW)) == 15
    assert window_seconds(NOW) == 14 * 60 + 30


def test_a_minute_of_which_few_jobs_are_kept_counts_as_much_as_its_jobs():
    busy = to_minute(LAST - 1, {"jobs": "1000", "0": "0 1000 0"})
    calm = to_minute(LAST, {"jobs": "2", "0": "0 9000 0", "1": "0 9000 0"})
    told = recent_work([busy, calm], NOW)
    assert (told.jobs, told.compute_seconds.p50, told.compute_seconds.p95) == (1002, 1.0, 1.0)
    assert [(row.jobs, row.compute_p50_seconds) for row in told.per_minute] == [(1000, 1.0), (2, 9.0)]
    assert told.per_minute[-1].at == NOW.replace(second=0)


def test_jobs_without_times_are_counted_all_the_same():
    told = recent_work([to_minute(LAST, {"jobs": "3"})], NOW)
    assert (told.jobs, told.wait_seconds.p50, told.per_minute[0].wait_p50_seconds) == (3, None, None)


def test_only_what_was_handed_over_counts_as_a_handoff():
    told = recent_work([to_minute(LAST, {"jobs": "2", "1": "5000 1 0", "2": "3000 1 1"})], NOW)
    assert (told.handoff_seconds.p50, told.wait_seconds.p95) == (3.0, 5.0)


def test_ended_jobs_are_summed_and_the_most_frequent_code_comes_first():
    minutes = [{"succeeded": "4", "failed": "1", "code:internal": "1"}, {"failed": "2", "code:out_of_memory": "2"}, {}]
    ended, failures = ended_jobs(minutes, NOW)
    assert (ended.succeeded, ended.failed, ended.canceled) == (4, 3, 0)
    assert [(one.code, one.count) for one in failures] == [("out_of_memory", 2), ("internal", 1)]


def test_a_code_of_a_later_release_hides_no_other():
    _, failures = ended_jobs([{"code:of_tomorrow": "1", "code:internal": "1"}], NOW)
    assert [one.code for one in failures] == ["internal"]
