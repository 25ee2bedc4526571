"""What an attempt means for its message and its endpoint."""

from datetime import UTC, datetime

import pytest

from latentrelay.contracts import DisabledReason, MessageStatus, Outcome
from latentrelay.settings import Settings
from services.webhooks.verdict import decide, outcome_of, seconds_of

SCHEDULE = Settings.model_fields["webhook_schedule_seconds"].default
FAILURES = [outcome for outcome in Outcome if outcome not in (Outcome.DELIVERED, Outcome.UNSIGNABLE)]
THEN = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_success_ends_it_whenever_it_comes() -> None:
    assert decide(Outcome.DELIVERED, "job.succeeded", 7, schedule=SCHEDULE).status is MessageStatus.DELIVERED


def test_eight_tries_follow_the_schedule() -> None:
    verdicts = [decide(Outcome.STATUS, "job.failed", tries, schedule=SCHEDULE) for tries in range(8)]
    assert [verdict.delay_seconds for verdict in verdicts[:7]] == [5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    assert [verdict.status for verdict in verdicts] == [MessageStatus.PENDING] * 7 + [MessageStatus.FAILED]


@pytest.mark.parametrize(("luck", "pause"), [(0.0, 240.0), (0.5, 300.0), (1.0, 360.0)])
def test_pauses_differ_by_a_fifth(luck: float, pause: float) -> None:
    verdict = decide(Outcome.TIMEOUT, "job.failed", 1, schedule=SCHEDULE, luck=luck)
    assert verdict.delay_seconds == pytest.approx(pause)


@pytest.mark.parametrize("outcome", FAILURES)
def test_progress_is_tried_once(outcome: Outcome) -> None:
    assert decide(outcome, "job.progress", 0, schedule=SCHEDULE).status is MessageStatus.FAILED


def test_retry_after_holds_the_message_and_its_endpoint() -> None:
    verdict = decide(Outcome.STATUS, "job.failed", 0, schedule=SCHEDULE, retry_after=120)
    assert (verdict.delay_seconds, verdict.spare_seconds) == (120, 120)


def test_retry_after_shortens_no_pause() -> None:
    assert decide(Outcome.STATUS, "job.failed", 1, schedule=SCHEDULE, retry_after=1).delay_seconds == 300


def test_retry_after_has_a_bound() -> None:
    assert decide(Outcome.STATUS, "job.failed", 0, schedule=SCHEDULE, retry_after=1e9).spare_seconds == 36_000


def test_only_gone_disables_at_once() -> None:
    found = {outcome: decide(outcome, "job.failed", 0, schedule=SCHEDULE).disable for outcome in FAILURES}
    assert found == {outcome: DisabledReason.GONE if outcome is Outcome.GONE else None for outcome in FAILURES}


def test_a_url_of_one_job_that_is_gone_ends_its_message_and_says_nothing_of_the_endpoint() -> None:
    verdict = decide(Outcome.GONE, "job.failed", 0, schedule=SCHEDULE, is_own_url=True)
    assert (verdict.status, verdict.disable, verdict.is_endpoints) == (MessageStatus.FAILED, None, False)


def test_a_secret_that_cannot_be_read_costs_no_try_and_is_not_the_endpoints_failure() -> None:
    verdict = decide(Outcome.UNSIGNABLE, "job.failed", 7, schedule=SCHEDULE)
    assert (verdict.status, verdict.is_try, verdict.is_endpoints) == (MessageStatus.PENDING, False, False)


def test_a_fault_of_ours_costs_a_try_and_is_not_the_endpoints_failure() -> None:
    verdicts = [decide(Outcome.FAULT, "job.failed", tries, schedule=SCHEDULE) for tries in (0, 7)]
    assert [verdict.status for verdict in verdicts] == [MessageStatus.PENDING, MessageStatus.FAILED]
    assert [(verdict.is_try, verdict.is_endpoints) for verdict in verdicts] == [(True, False)] * 2


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.DELIVERED) for status in (200, 201, 202, 204, 299)),
        *((status, Outcome.REDIRECT) for status in (300, 301, 302, 304, 307, 308)),
        (410, Outcome.GONE),
        *((status, Outcome.STATUS) for status in (199, 400, 401, 404, 409, 429, 500, 503, 599, 999)),
    ],
)
def test_any_2xx_is_success_and_no_other_status_is(status: int, outcome: Outcome) -> None:
    assert outcome_of(status) is outcome


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, 999_999_999.0),
        ("Thu, 01 Jan 2026 12:01:00 GMT", 60.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Thu, 01 Jan 2026 12:01:00", None),
        ("", None),
        (None, None),
        ("٣", 3.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str | None, seconds: float | None) -> None:
    assert seconds_of(told, THEN) == seconds
