"""`latentrelay webhooks` on the real servers; who sends webhooks is played by the tests."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from latentrelay import TextToImage
from latentrelay.cli import main
from latentrelay.client import Client
from latentrelay.contracts import (
    Circuit,
    DisabledReason,
    EndpointStatus,
    MessageStatus,
    NewWebhookEndpoint,
    Outcome,
    WebhookAttempt,
    WebhookEndpoint,
)
from latentrelay.jobs import RedisClient, Scripts, connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from latentrelay.webhooks.deliveries import Deliveries, Delivery, Verdict
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.outbox import Outbox
from tests.processes import address

KEY = "k" * 32
URL = "http://localhost:9/hook"
AT = datetime(2030, 1, 1, 12, tzinfo=UTC)

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    environment = address(settings) | {
        "LATENTRELAY_WEBHOOK_KEY": KEY,
        "LATENTRELAY_WEBHOOK_ALLOWED_HOSTS": '["localhost"]',
    }

    def run(*words: str, **changes: str) -> Result:
        return CliRunner().invoke(main, words, env=environment | changes)

    return run


@pytest.fixture
def client(settings: Settings, store: S3Store) -> Iterator[Client]:  # noqa: ARG001  # the bucket must be there
    allowed = {"webhook_key": SecretStr(KEY), "webhook_allowed_hosts": frozenset({"localhost"})}
    client = Client.connect(settings.model_copy(update=allowed))
    yield client
    client.close()


@pytest.fixture
def redis(settings: Settings) -> Iterator[RedisClient]:
    redis = connect(settings)
    yield redis
    redis.close()


@pytest.fixture
def deliveries(redis: RedisClient, settings: Settings) -> Deliveries:
    return Deliveries.of(redis, settings)


def registered(client: Client, tenant: str | None = None) -> str:
    return client.webhooks.create(NewWebhookEndpoint(url=URL), tenant=tenant).id


def attempted(
    delivery: Delivery, outcome: Outcome = Outcome.STATUS, status: int | None = 500, **told: str
) -> WebhookAttempt:
    return WebhookAttempt(number=delivery.attempt, started_at=AT, seconds=0.25, outcome=outcome, status=status, **told)


def fail(deliveries: Deliveries, verdict: Verdict | None = None, **told: str) -> Delivery:
    """What is due is sent, and fails."""
    (delivery,) = deliveries.take(1).deliveries
    deliveries.settle(delivery, attempted(delivery, **told), verdict or Verdict(MessageStatus.FAILED))
    return delivery


def deliver(deliveries: Deliveries) -> Delivery:
    """What is due is sent, and arrives."""
    (delivery,) = deliveries.take(1).deliveries
    deliveries.settle(delivery, attempted(delivery, Outcome.DELIVERED, 204), Verdict(MessageStatus.DELIVERED))
    return delivery


def rows(ended: Result) -> list[list[str]]:
    """The lines of a table below its heads."""
    assert ended.exit_code == 0, ended.output
    return [line.split() for line in ended.stdout.splitlines()[1:]]


def statuses(client: Client) -> list[str]:
    return [message.status for message in client.webhooks.messages().data]


def test_an_endpoints_secret_stands_alone_on_stdout(run: Run, client: Client) -> None:
    ended = run("webhooks", "create", URL)
    assert ended.exit_code == 0
    assert ended.stdout.startswith("whsec_")
    assert len(ended.stdout.split()) == 1
    (endpoint,) = client.webhooks.list()
    assert (endpoint.url, endpoint.tenant) == (URL, "default")
    assert ended.stderr == f"endpoint {endpoint.id} of tenant default; its secret is not shown again\n"


def test_an_endpoint_is_registered_as_it_is_asked_for(run: Run, client: Client) -> None:
    wanted = ("--event", "started", "--event", "failed", "--description", "the shop", "--max-per-second", "7")
    told = json.loads(run("webhooks", "create", URL, *wanted, "--tenant", "ada", "--json").stdout)
    assert told.pop("secret").startswith("whsec_")
    (endpoint,) = client.webhooks.list()
    assert WebhookEndpoint.model_validate(told) == endpoint
    assert (endpoint.tenant, endpoint.events, endpoint.max_per_second) == ("ada", ("started", "failed"), 7)
    assert (endpoint.description, endpoint.public_key) == ("the shop", None)


def test_an_asymmetric_endpoints_public_key_is_told_beside_its_secret(run: Run, client: Client) -> None:
    ended = run("webhooks", "create", URL, "--asymmetric")
    assert ended.stderr.splitlines()[1] == f"public key {client.webhooks.list()[0].public_key}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["http://example.com/"],
            "the URL must begin with https://; http is for hosts that the operator allows by name",
        ),
        (["ftp://localhost/"], "url: must be text"),
        ([URL, "--tenant", "a b"], "'--tenant': must be 1 to 64 letters"),
        ([URL, "--tenant", ""], "'--tenant': must be 1 to 64 letters"),
        ([URL, "--event", "ended"], "'--event'"),
        ([URL, "--max-per-second", "0"], "'--max-per-second'"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_with_2(run: Run, client: Client, words: list[str], told: str) -> None:
    ended = run("webhooks", "create", *words)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert told in ended.stderr
    assert client.webhooks.list() == ()


@pytest.mark.parametrize("key", ["", "too short"])
def test_without_a_key_nothing_is_registered_and_the_variable_is_named(run: Run, key: str) -> None:
    ended = run("webhooks", "create", URL, LATENTRELAY_WEBHOOK_KEY=key)
    assert (ended.exit_code, ended.stdout) == (69, "")
    assert "LATENTRELAY_WEBHOOK_KEY" in ended.stderr
    assert run("webhooks", "list").stdout == "no webhook endpoints\n"


def test_endpoints_of_all_tenants_are_listed_with_how_they_fare_and_without_secrets(
    run: Run, client: Client, deliveries: Deliveries
) -> None:
    secret = run("webhooks", "create", URL).stdout.strip()
    mine, other = client.webhooks.list()[0].id, registered(client, "ada")
    client.webhooks.test(other)
    deliver(deliveries)
    client.webhooks.test(mine)
    client.webhooks.test(mine)
    fail(deliveries, Verdict(MessageStatus.FAILED, disable=DisabledReason.GONE))
    ends = "succeeded,failed,canceled,expired"
    told = {row[0]: row for row in rows(run("webhooks", "list"))}
    assert told[other][:5] + told[other][-1:] == [other, "ada", URL, ends, "enabled", "ago"]
    assert told[mine] == [mine, "default", URL, ends, "disabled:", "gone", "1", "1"]
    ended = run("webhooks", "list", "--json")
    assert {endpoint["id"] for endpoint in json.loads(ended.stdout)} == {other, mine}
    assert secret not in ended.stdout


def test_an_endpoint_is_shown_with_all_that_is_known_of_it(run: Run, client: Client) -> None:
    endpoint_id = registered(client)
    told = run("webhooks", "show", endpoint_id).stdout
    assert f"ID              {endpoint_id}\n" in told
    assert "Last delivered  never\n" in told
    assert json.loads(run("webhooks", "show", endpoint_id, "--json").stdout)["url"] == URL


def test_who_registers_an_endpoint_cannot_play_with_the_terminal(run: Run, client: Client) -> None:
    wanted = NewWebhookEndpoint(url=f"{URL}/\x9b31m", description="\x1b]0;x\x07")
    endpoint_id = client.webhooks.create(wanted).id
    for words in (["show", endpoint_id], ["list"]):
        assert not {"\x1b", "\x07", "\x9b"} & {*run("webhooks", *words).stdout}


def test_only_what_is_given_is_changed(run: Run, client: Client) -> None:
    endpoint_id = registered(client)
    told = ("--description", "the shop", "--max-per-second", "5", "--event", "failed")
    assert run("webhooks", "change", endpoint_id, *told).stdout == f"endpoint {endpoint_id} is changed\n"
    run("webhooks", "change", endpoint_id, "--url", f"{URL}/2")
    endpoint = client.webhooks.get(endpoint_id)
    assert (endpoint.url, endpoint.description, endpoint.max_per_second) == (f"{URL}/2", "the shop", 5)
    assert endpoint.events == ("failed",)


def test_an_empty_description_and_a_rate_of_0_take_them_away(run: Run, client: Client) -> None:
    wanted = NewWebhookEndpoint(url=URL, description="the shop", max_per_second=5)
    endpoint_id = client.webhooks.create(wanted).id
    ended = run("webhooks", "change", endpoint_id, "--description", "", "--max-per-second", "0", "--json")
    told = json.loads(ended.stdout)
    assert (told["description"], told["max_per_second"]) == (None, None)
    assert client.webhooks.get(endpoint_id).url == URL


def test_a_change_of_nothing_is_refused_with_2(run: Run, client: Client) -> None:
    ended = run("webhooks", "change", registered(client))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "needs something to change" in ended.stderr


def test_a_rotated_secret_is_another_one_and_stands_alone_on_stdout(run: Run, client: Client) -> None:
    secret = run("webhooks", "create", URL).stdout
    endpoint_id = client.webhooks.list()[0].id
    ended = run("webhooks", "rotate", endpoint_id)
    assert ended.stdout.startswith("whsec_")
    assert ended.stdout != secret
    assert ended.stderr.startswith(f"endpoint {endpoint_id} of tenant default; its new secret is not shown again")


def test_endpoints_are_disabled_and_enabled_and_one_that_is_none_holds_up_no_other(run: Run, client: Client) -> None:
    first, second = registered(client), registered(client)
    ended = run("webhooks", "disable", first, "ep_none", second)
    assert (ended.exit_code, ended.stdout) == (1, f"{first} is disabled\n{second} is disabled\n")
    assert ended.stderr == "latentrelay: ep_none: There is no such webhook endpoint.\n"
    assert {endpoint.status for endpoint in client.webhooks.list()} == {EndpointStatus.DISABLED}
    ended = run("webhooks", "enable", first, second, "--json")
    assert ended.exit_code == 0
    assert [(one["id"], one["status"]) for one in json.loads(ended.stdout)] == [(first, "enabled"), (second, "enabled")]


def test_a_removed_endpoint_is_gone_and_its_messages_are_dropped(run: Run, client: Client) -> None:
    endpoint_id = registered(client)
    client.webhooks.test(endpoint_id)
    assert run("webhooks", "remove", endpoint_id).stdout == f"{endpoint_id} is removed\n"
    assert client.webhooks.list() == ()
    assert statuses(client) == ["dropped"]
    assert run("webhooks", "remove", endpoint_id).exit_code == 1


@pytest.fixture
def sending(deliveries: Deliveries) -> Iterator[Callable[[Callable[[Deliveries], object]], None]]:
    """Sends the next message that is due, when it comes."""
    stopped, threads = threading.Event(), []

    def start(send: Callable[[Deliveries], object]) -> None:
        def wait_and_send() -> None:
            while deliveries.take(0).seconds != 0 and not stopped.wait(0.01):
                pass
            if not stopped.is_set():
                send(deliveries)

        threads.append(threading.Thread(target=wait_and_send))
        threads[-1].start()

    yield start
    stopped.set()
    for thread in threads:
        thread.join()


def test_a_test_that_arrives_is_told(run: Run, client: Client, sending) -> None:  # type: ignore[no-untyped-def]
    endpoint_id = registered(client)
    sending(deliver)
    ended = run("webhooks", "test", endpoint_id, "--wait", "200")
    (message,) = client.webhooks.messages().data
    assert (ended.exit_code, ended.stdout) == (0, f"message {message.id} arrived: delivered, 204\n")


def test_a_test_that_fails_ends_with_1_and_says_what_came(run: Run, client: Client, sending) -> None:  # type: ignore[no-untyped-def]
    endpoint_id = registered(client)
    sending(lambda deliveries: fail(deliveries, answer="\x1b[2Jsorry"))
    ended = run("webhooks", "test", endpoint_id, "--wait", "200")
    (message,) = client.webhooks.messages().data
    assert (ended.exit_code, ended.stdout) == (1, "")
    told = f"latentrelay: message {message.id} did not arrive: status, 500, '\\x1b[2Jsorry'"
    assert ended.stderr.splitlines()[1:] == [told]


def test_a_tests_message_and_attempt_are_told_as_json(run: Run, client: Client, sending) -> None:  # type: ignore[no-untyped-def]
    endpoint_id = registered(client)
    sending(fail)
    ended = run("webhooks", "test", endpoint_id, "--wait", "200", "--json")
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["message"]["status"], told["attempt"]["status"]) == (1, "failed", 500)


def test_a_test_that_nobody_sends_ends_with_1_and_says_where_to_look(run: Run, client: Client) -> None:
    endpoint_id = registered(client)
    ended = run("webhooks", "test", endpoint_id, "--wait", "0")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "was not sent within 0 s: see `latentrelay webhooks status`" in ended.stderr
    client.webhooks.disable(endpoint_id)
    assert "disabled; enable it first" in run("webhooks", "test", endpoint_id).stderr
    assert statuses(client) == ["pending"]


def test_ctrl_c_leaves_a_test_to_be_sent_and_ends_with_130(settings: Settings, client: Client) -> None:
    command = [sys.executable, "-m", "latentrelay", "webhooks", "test", registered(client), "--wait", "200"]
    with subprocess.Popen(command, env=os.environ | address(settings), stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline().endswith(" waits to be sent\n")
        waiting.send_signal(signal.SIGINT)
        told = waiting.stderr.read()
    (message,) = client.webhooks.messages().data
    assert (waiting.returncode, message.status) == (130, "pending")
    assert told.splitlines() == [
        f"latentrelay: message {message.id} goes on",
        f"latentrelay: see what came of it: latentrelay webhooks attempts {message.id}",
    ]


def told_of(client: Client, redis: RedisClient) -> str:
    """A job that was canceled; its messages wait."""
    job_id = client.submit(TextToImage(prompt="p")).id
    client.cancel(job_id)
    outbox = Outbox(redis, Scripts(redis, library=WEBHOOKS), 600)
    for row in outbox.rows(1):
        outbox.post(row)
    return job_id


def test_messages_are_listed_by_endpoint_job_and_status(
    run: Run, client: Client, redis: RedisClient, deliveries: Deliveries
) -> None:
    assert run("webhooks", "messages").stdout == "no messages\n"
    first, second = registered(client), registered(client)
    test = client.webhooks.test(first)
    fail(deliveries)
    job_id = told_of(client, redis)
    assert {row[1] for row in rows(run("webhooks", "messages", "--job", job_id))} == {first, second}
    assert [row[:5] for row in rows(run("webhooks", "messages", "--status", "failed"))] == [
        [test.id, first, "webhook.test", "failed", "1"]
    ]
    (row,) = rows(run("webhooks", "messages", "--endpoint", second))
    assert row[1:6] == [second, "job.canceled", job_id, "pending", "0"]


def test_messages_are_turned_page_by_page(run: Run, client: Client) -> None:
    endpoint_id = registered(client)
    wanted = {client.webhooks.test(endpoint_id).id for _ in range(3)}
    first = json.loads(run("webhooks", "messages", "--limit", "2", "--json").stdout)
    ended = run("webhooks", "messages", "--limit", "2")
    assert ended.stderr == f"older ones: --cursor {first['next_cursor']}\n"
    (last,) = rows(run("webhooks", "messages", "--cursor", first["next_cursor"]))
    assert {last[0], *(message["id"] for message in first["data"])} == wanted


def test_attempts_are_listed_and_what_was_answered_cannot_play_with_the_terminal(
    run: Run, client: Client, deliveries: Deliveries
) -> None:
    message = client.webhooks.test(registered(client))
    assert run("webhooks", "attempts", message.id).stdout == "no attempts\n"
    fail(deliveries, Verdict(MessageStatus.PENDING), detail="no\x1b[2J", answer="\x1b]0;owned\x07" + "a" * 1000)
    deliver(deliveries)
    ended = run("webhooks", "attempts", message.id)
    first, second = rows(ended)
    assert [first[0], *first[3:6]] == ["1", "0.25", "s", "status"]
    assert first[6:8] == ["500", "'no\\x1b[2J'"]
    assert first[8].startswith("'\\x1b]0;owned\\x07aaa")
    assert [second[0], *second[5:]] == ["2", "delivered", "204"]
    assert "\x1b" not in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) < 200
    told = json.loads(run("webhooks", "attempts", message.id, "--json").stdout)
    assert told[0]["answer"].endswith("a" * 1000)


def test_messages_are_sent_again_and_one_that_cannot_be_holds_up_no_other(
    run: Run, client: Client, deliveries: Deliveries
) -> None:
    endpoint_id = registered(client)
    first, second = client.webhooks.test(endpoint_id), client.webhooks.test(endpoint_id)
    fail(deliveries)
    deliver(deliveries)
    ended = run("webhooks", "resend", first.id, "msg_none", second.id)
    assert (ended.exit_code, ended.stdout) == (1, f"{first.id} is due again\n{second.id} is due again\n")
    assert ended.stderr.startswith("latentrelay: msg_none: There is no such webhook message")
    assert statuses(client) == ["pending", "pending"]


def test_a_message_is_dropped_once(run: Run, client: Client) -> None:
    message = client.webhooks.test(registered(client))
    assert run("webhooks", "drop-message", message.id).stdout == f"{message.id} is dropped\n"
    assert statuses(client) == ["dropped"]
    again = run("webhooks", "drop-message", message.id)
    assert (again.exit_code, again.stderr) == (1, f"latentrelay: {message.id}: It is not pending any more.\n")


def test_all_that_waits_for_an_endpoint_is_dropped_and_nothing_else(run: Run, client: Client) -> None:
    first, second = registered(client), registered(client)
    for endpoint_id in (first, first, second):
        client.webhooks.test(endpoint_id)
    assert run("webhooks", "drop", first).stdout == "dropped: 2 messages\n"
    assert [client.webhooks.get(endpoint_id).pending for endpoint_id in (first, second)] == [0, 1]


def test_what_an_endpoint_missed_in_a_period_is_sent_again(run: Run, client: Client, deliveries: Deliveries) -> None:
    endpoint_id = registered(client)
    for send in (fail, deliver):
        client.webhooks.test(endpoint_id)
        send(deliveries)
    before = ("--since", "2026-01-01T00:00:00Z", "--until", "1h")
    assert run("webhooks", "recover", endpoint_id, *before).stdout == "due again: 0 messages\n"
    assert run("webhooks", "recover", endpoint_id, "--since", "1h").stdout == "due again: 1 message\n"
    assert sorted(statuses(client)) == ["delivered", "pending"]


def test_a_period_that_is_none_is_refused_with_2(run: Run) -> None:
    for since in ("", "yesterday", "2 weeks", "2026-13-01"):
        ended = run("webhooks", "recover", "ep_x", "--since", since)
        assert ended.exit_code == 2
        assert "'--since': must be an age like 30min, 2h or 1d" in ended.stderr


def test_status_tells_what_waits_and_that_all_are_well(run: Run, client: Client, deliveries: Deliveries) -> None:
    endpoint_id = registered(client)
    assert run("webhooks", "status").stdout.splitlines()[-1] == "all endpoints are well"
    for _ in range(2):
        client.webhooks.test(endpoint_id)
    deliveries.take(1)
    told = json.loads(run("webhooks", "status", "--json").stdout)
    assert told["unwell"] == []
    assert (told["backlog"]["pending"], told["backlog"]["in_flight"]) == (1, 1)


def test_status_counts_what_no_message_was_made_of(run: Run, client: Client) -> None:
    registered(client)
    client.cancel(client.submit(TextToImage(prompt="p")).id)
    assert "Outbox      1 event\n" in run("webhooks", "status").stdout


def test_status_lists_only_endpoints_that_are_not_well(run: Run, client: Client, deliveries: Deliveries) -> None:
    disabled, failing, spared, well = (registered(client) for _ in range(4))
    client.webhooks.disable(disabled)
    for endpoint_id, verdict in (
        (failing, Verdict(MessageStatus.FAILED)),
        (spared, Verdict(MessageStatus.FAILED, spare_seconds=3000)),
    ):
        client.webhooks.test(endpoint_id)
        fail(deliveries, verdict)
    ended = run("webhooks", "status")
    assert ended.exit_code == 0
    table = {line.split()[0]: line for line in ended.stdout.splitlines()[6:]}
    assert well not in table
    assert "  disabled: by hand" in table[disabled]
    assert "  failing since " in table[failing]
    assert "  spared until " in table[spared]


def test_status_tells_of_an_open_circuit_until_when_it_is(run: Run, client: Client, deliveries: Deliveries) -> None:
    endpoint_id = registered(client)
    for _ in range(5):
        client.webhooks.test(endpoint_id)
        fail(deliveries)
    assert client.webhooks.get(endpoint_id).circuit is not Circuit.CLOSED
    told = json.loads(run("webhooks", "status", "--json").stdout)
    assert [(one["id"], one["failures"]) for one in told["unwell"]] == [(endpoint_id, 5)]


def test_the_secrets_of_a_tenant_without_endpoints_are_printed(run: Run, client: Client) -> None:
    theirs = client.webhooks.confined_to("ada").tenant_secrets()
    assert run("webhooks", "secret", "--tenant", "ada").stdout.splitlines() == [*theirs]
    assert json.loads(run("webhooks", "secret", "--tenant", "ada", "--json").stdout) == [*theirs]
    assert run("webhooks", "secret").stdout.splitlines() == [*client.webhooks.tenant_secrets()]
    two = run("webhooks", "secret", LATENTRELAY_WEBHOOK_KEY=f"{'n' * 32},{KEY}").stdout.splitlines()
    assert two[1:] == [*client.webhooks.tenant_secrets()]


def found(run: Run, **changes: str) -> dict[str, dict[str, str]]:
    """What `doctor` finds, by what it looked at."""
    return {finding["what"]: finding for finding in json.loads(run("doctor", "--json", **changes).stdout)}


def test_doctor_finds_the_key_and_how_endpoints_fare(run: Run, client: Client) -> None:
    told = found(run)
    assert (told["webhook key"]["mark"], told["webhook endpoints"]["mark"]) == ("ok", "ok")
    client.webhooks.disable(registered(client))
    registered(client)
    endpoints = found(run)["webhook endpoints"]
    assert (endpoints["mark"], endpoints["told"]) == ("note", "1 of 2 fail, are spared or are disabled")


def test_doctor_notes_that_the_key_is_missing(run: Run, store: S3Store) -> None:  # noqa: ARG001  # the bucket is there
    key = found(run, LATENTRELAY_WEBHOOK_KEY="")["webhook key"]
    assert key["mark"] == "note"
    assert key["told"].startswith("no webhooks can be registered or sent: LATENTRELAY_WEBHOOK_KEY is not set")
