"""The outbox on a real Valkey: who is told what of a job, and that each event is one message."""

import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError

from latentrelay.contracts import (
    Progress,
    StageName,
    TextToImage,
    WebhookEndpointChange,
)
from latentrelay.embedded.valkey import Valkey
from latentrelay.errors import Conflict
from latentrelay.jobs import UNREACHABLE, Claims, Jobs, connect, keys, willing
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Delivery
from tests.integration.webhook_bench import DELIVERED, Bench, settle
from tests.processes import until


def test_the_end_of_a_job_is_told_to_who_subscribed_to_it_and_to_nobody_else(bench: Bench) -> None:
    wanted = bench.endpoint(events=["canceled"])
    bench.endpoint(events=["succeeded", "failed"])
    bench.endpoint(tenant="other", events=["canceled"])
    bench.ended()
    assert [message.endpoint_id for message in bench.webhooks.messages().data] == []
    bench.relayed()
    assert [message.endpoint_id for message in bench.webhooks.messages().data] == [wanted.id]


def test_where_nobody_wants_to_know_nothing_is_written(bench: Bench) -> None:
    bench.endpoint(events=["succeeded"])
    bench.ended()
    assert bench.redis.xlen(keys.OUTBOX) == 0


def test_a_job_that_names_an_endpoint_is_told_to_that_one_alone_and_of_its_own_events(bench: Bench) -> None:
    bench.endpoint(events=["canceled"])
    named = bench.endpoint(events=["succeeded"])
    bench.ended(told_to=named.id, endpoint_id=named.id, events=["canceled"])
    bench.ended(told_to=named.id, endpoint_id=named.id, events=["failed"])
    assert len(bench.relayed()) == 1
    assert [message.endpoint_id for message in bench.webhooks.messages().data] == [named.id]


def test_a_job_that_names_a_url_is_told_there(bench: Bench) -> None:
    named = bench.endpoint()
    bench.ended(told_to=named.id, url="https://hooks.example/elsewhere?id=7")
    bench.relayed()
    (delivery,) = bench.deliveries().take(10).deliveries
    assert (delivery.endpoint_id, delivery.url) == (named.id, "https://hooks.example/elsewhere?id=7")


def test_every_move_that_is_asked_for_is_told_progress_at_most_every_two_seconds(bench: Bench) -> None:
    bench.endpoint(events=["started", "progress", "canceled"])
    asked = TextToImage(prompt="a cat", seed=1)
    Jobs(bench.redis).submit("j", asked, asked)
    claims = Claims(bench.redis, lease_seconds=30, max_attempts=3)
    claim = claims.claim(StageName.SDXL_BASE, "me")
    assert claim is not None
    began = time.monotonic()
    for step in range(1, 6):
        claims.renew(claim, progress=Progress(stage=StageName.SDXL_BASE, step=step, steps=9))
    seconds = time.monotonic() - began
    Jobs(bench.redis).cancel("j")
    claims.release(claim)
    bench.relayed()
    first, *between, last = [delivery.type for delivery in _all_taken(bench)]
    assert (first, set(between), last) == ("job.started", {"job.progress"}, "job.canceled")
    assert len(between) <= 1 + seconds / 2


def test_what_is_told_outlives_the_job(bench: Bench) -> None:
    bench.endpoint()
    job_id = bench.ended()
    Jobs(bench.redis).delete(job_id)
    bench.relayed()
    (delivery,) = bench.deliveries().take(10).deliveries
    assert job_id.encode() in delivery.body


def test_of_any_number_of_relays_one_makes_the_messages(bench: Bench) -> None:
    bench.endpoint()
    for _ in range(50):
        bench.ended()
    others = [Bench.of(bench.settings) for _ in range(4)]
    threads = [threading.Thread(target=one.relayed) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.webhooks.messages(limit=250).data) == 50


def test_a_row_that_nobody_can_read_is_buried_and_holds_up_no_other(bench: Bench) -> None:
    bench.endpoint()
    bench.redis.xadd(keys.OUTBOX, {"event": "canceled", "id": "of another release"})
    bench.ended()
    assert len(bench.relayed()) == 1
    assert [fields["queue"] for _, fields in bench.redis.xrange(keys.DEAD)] == ["outbox"]
    assert [fields["id"] for _, fields in bench.redis.xrange(keys.UNREADABLE)] == ["of another release"]


def test_an_origin_that_nobody_registered_has_a_queue_of_its_own_for_a_while(bench: Bench) -> None:
    bench.ended(told_to="url_1", url="https://anywhere.example/a")
    bench.ended(told_to="url_1", url="https://anywhere.example/b")
    bench.relayed()
    first, second = bench.deliveries().take(10).deliveries
    assert {first.url, second.url} == {"https://anywhere.example/a", "https://anywhere.example/b"}
    assert (first.endpoint_id, first.secrets) == ("url_1", "")
    (known,) = bench.webhooks.list()
    assert known.url == "https://anywhere.example:443"
    assert not bench.webhooks.confined_to("default").list()
    assert bench.redis.pttl(keys.endpoint("url_1")) > 0
    for change in (
        bench.webhooks.rotate,
        lambda id_: bench.webhooks.change(id_, WebhookEndpointChange(events=["failed"])),
    ):  # type: ignore[arg-type]
        with pytest.raises(Conflict, match="its tenant's"):
            change("url_1")


def test_an_event_that_comes_again_after_a_loss_of_writes_is_the_same_webhook(bench: Bench) -> None:
    bench.endpoint()
    bench.ended()
    ((row_id, fields),) = bench.redis.xrange(keys.OUTBOX)
    (first,) = bench.relayed()
    bench.redis.delete(keys.OUTBOX)
    bench.redis.xadd(keys.OUTBOX, fields, id=row_id)
    assert not bench.relayed()
    assert [message.id for message in bench.webhooks.messages().data] == [first]


def test_an_end_that_happens_again_because_redis_forgot_it_is_the_same_webhook(bench: Bench) -> None:
    bench.endpoint()
    asked, jobs = TextToImage(prompt="a cat", seed=1), Jobs(bench.redis)
    for _ in range(2):  # the second time as if on a replica that had not heard of the first
        jobs.submit("j", asked, asked)
        jobs.cancel("j")
        bench.relayed()
        jobs.delete("j")
    assert len(bench.webhooks.messages(job_id="j").data) == 1


def test_a_primary_that_is_demoted_is_waited_for_as_one_that_is_away(tmp_path: Path, settings: Settings) -> None:
    server = Valkey(tmp_path / "valkey")
    server.start()
    bench = Bench.of(settings.model_copy(update={"redis_url": SecretStr(server.url)}))
    ended: list[RedisError] = []

    def read() -> None:
        try:
            with willing():
                [*bench.outbox.rows(60_000)]
        except RedisError as error:
            ended.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    other = connect(bench.settings)
    until(lambda: other.info("clients")["blocked_clients"] == 1, "it waits for rows")
    other.replicaof("127.0.0.1", 1)
    thread.join()
    (error,) = ended
    assert isinstance(error, UNREACHABLE)
    assert "UNBLOCKED" in str(error)
    server.stop()


def test_progress_is_not_kept_for_an_endpoint_that_is_sent_nothing(bench: Bench) -> None:
    endpoint = bench.endpoint(events=["progress"])
    bench.webhooks.disable(endpoint.id)
    asked = TextToImage(prompt="a cat", seed=1)
    Jobs(bench.redis).submit("j", asked, asked)
    claims = Claims(bench.redis, lease_seconds=30, max_attempts=3)
    claim = claims.claim(StageName.SDXL_BASE, "me")
    assert claim is not None
    claims.renew(claim, progress=Progress(stage=StageName.SDXL_BASE, step=1, steps=9))
    assert not bench.relayed()
    bench.webhooks.enable(endpoint.id)
    assert not bench.deliveries().take(1).deliveries


def _all_taken(bench: Bench) -> list[Delivery]:
    deliveries, taken = bench.deliveries(), list[Delivery]()
    while some := deliveries.take(1).deliveries:
        taken += some
        settle(deliveries, some[0], DELIVERED)
    return taken
