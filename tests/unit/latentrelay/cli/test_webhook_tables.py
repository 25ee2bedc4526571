from datetime import UTC, datetime, timedelta

import pytest

from latentrelay.cli.findings import Mark
from latentrelay.cli.tables import moment, plain
from latentrelay.cli.webhook_findings import judge_webhook_key, judge_webhooks
from latentrelay.cli.webhook_tables import (
    attempt_line,
    attempts_table,
    backlog_table,
    endpoint_story,
    endpoints_table,
    is_well,
    messages_table,
    state_of,
)
from latentrelay.contracts import WebhookAttempt, WebhookBacklog, WebhookEndpoint, WebhookMessage

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
CALM = WebhookBacklog(outbox=0, pending=0, in_flight=0)

DISABLED = {"status": "disabled", "disabled_at": NOW}
FAILING = {"failures": 2, "failing_since": NOW}


def endpoint(**fields):
    told = {"id": "ep_1", "tenant": "ada", "url": "https://example.com/hook", "created_at": NOW}
    return WebhookEndpoint.model_validate(told | fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "enabled"),
        (DISABLED, "disabled"),
        (DISABLED | {"disabled_reason": "by_hand"}, "disabled: by hand"),
        (DISABLED | FAILING | {"disabled_reason": "gone", "retry_at": LATER}, "disabled: gone"),
        (FAILING, f"failing since {moment(NOW)}"),
        (FAILING | {"circuit": "half_open"}, f"failing since {moment(NOW)}"),
        (FAILING | {"circuit": "open", "retry_at": LATER}, f"circuit open until {moment(LATER)}"),
        ({"retry_at": LATER}, f"spared until {moment(LATER)}"),
    ],
)
def test_the_state_of_an_endpoint_says_what_keeps_webhooks_from_it(fields, told):
    assert state_of(endpoint(**fields)) == told
    assert is_well(endpoint(**fields)) == (told == "enabled")


def test_an_endpoint_is_a_line_and_its_url_is_cut_short():
    url = "https://example.com/" + "x" * 2000
    shown = endpoint(url=url, failures=3, pending=7, last_delivered_at=NOW - timedelta(hours=2), failing_since=NOW)
    head, line = endpoints_table([shown], NOW).splitlines()
    assert head.split("  ")[0] == "ID"
    assert line.split("  ")[:2] == ["ep_1", "ada"]
    assert line.endswith("2 h ago")
    assert f"{url[:60]}...  succeeded,failed,canceled,expired  failing since" in line
    assert url in endpoint_story(shown, NOW)


def test_the_story_of_an_endpoint_leaves_out_what_it_has_not():
    assert [line.split("  ")[0] for line in endpoint_story(endpoint(), NOW).splitlines()] == [
        *("ID", "Tenant", "URL", "Events", "Made", "State", "Pending", "Last delivered"),
    ]
    told = endpoint_story(endpoint(description="the shop", max_per_second=5, public_key="whpk_x", **FAILING), NOW)
    for line in ("the shop", "5 a second", "whpk_x", "2 in a row"):
        assert f"  {line}\n" in told


def test_a_message_is_a_line_with_when_it_is_tried_next():
    told = {"webhook_id": "msg_1", "endpoint_id": "ep_1", "tenant": "shop", "type": "webhook.test"}
    told |= {"status": "pending", "attempts": 2}
    made = NOW - timedelta(minutes=3)
    message = WebhookMessage.model_validate(told | {"id": "msg_1_ep_1", "created_at": made, "next_attempt_at": LATER})
    line = messages_table([message], NOW).splitlines()[1]
    assert line.split() == [
        "msg_1_ep_1",
        "ep_1",
        "webhook.test",
        "pending",
        "2",
        "3",
        "min",
        "ago",
        *moment(LATER).split(),
    ]


def test_what_came_of_an_attempt_is_told_without_what_it_has_not():
    lost = WebhookAttempt(number=1, started_at=NOW, outcome="lost")
    assert attempt_line(lost) == "lost"
    assert attempts_table([lost]).splitlines()[1].split() == ["1", *moment(NOW).split(), "lost"]
    refused = WebhookAttempt(number=2, started_at=NOW, outcome="status", status=500, detail="no", answer="\x1b[2J")
    assert attempt_line(refused) == r"status, 500, no, '\x1b[2J'"


def test_the_backlog_says_since_when_the_oldest_is_due():
    due = CALM.model_copy(update={"pending": 3, "oldest_due_at": NOW - timedelta(minutes=2)})
    assert backlog_table(due, NOW).splitlines()[-1] == "Oldest due  2 min ago"
    assert backlog_table(CALM, NOW).splitlines() == [
        *("Outbox      0 events", "Pending     0 messages", "In flight   0 messages", "Oldest due  none is due now"),
    ]


@pytest.mark.parametrize(
    ("text", "shown"), [("Bücher", "Bücher"), ("a\nb", r"'a\nb'"), ("\x9b", r"'\x9b'"), ("\u202e", r"'\u202e'")]
)
def test_text_of_others_is_shown_as_it_is_unless_it_could_play_with_the_terminal(text, shown):
    assert plain(text) == shown


def test_text_of_others_is_cut_short():
    assert plain("abcdef", most=3) == "abc..."
    assert plain("abc", most=3) == "abc"


def test_a_key_that_is_missing_is_worth_knowing():
    assert judge_webhook_key(None).mark is Mark.OK
    lacking = judge_webhook_key("LATENTRELAY_WEBHOOK_KEY is not set")
    assert (lacking.mark, "LATENTRELAY_WEBHOOK_KEY" in lacking.mend) == (Mark.NOTE, True)


def test_endpoints_that_are_not_well_are_counted_and_worth_knowing():
    (well,) = judge_webhooks([endpoint()], CALM)
    assert (well.mark, well.told) == (Mark.OK, "1 registered, and all are well")
    (unwell,) = judge_webhooks([endpoint(), endpoint(**FAILING), endpoint(**DISABLED)], CALM)
    assert (unwell.mark, unwell.told) == (Mark.NOTE, "2 of 3 fail, are spared or are disabled")


def test_events_that_nobody_sends_are_in_the_way():
    (waits,) = judge_webhooks([], CALM.model_copy(update={"outbox": 1001}))
    assert (waits.mark, waits.told) == (Mark.MISSING, "1001 events wait to be told")
    assert judge_webhooks([], CALM.model_copy(update={"outbox": 1000}))[0].mark is Mark.OK
