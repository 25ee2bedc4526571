"""API keys on a real Redis: made, listed, revoked, let in and counted."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from latentrelay.access import AskedTooOften, Keys
from latentrelay.contracts import Quotas, Scope
from latentrelay.errors import InvalidRequest, NotFound, StackUnavailable, Unauthorized
from latentrelay.jobs import connect
from latentrelay.settings import Settings

BOTH = (Scope.SUBMIT, Scope.READ)


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    keys = Keys.of(settings)
    yield keys
    keys.close()


def test_a_key_is_let_in_as_it_was_made_and_counted(keys: Keys) -> None:
    quotas = Quotas(in_flight=3, per_minute=5, pixels_per_day=10**6)
    key, text = keys.create("the shop", scopes=BOTH, quotas=quotas, tenant="ada")
    assert text.startswith(f"lr_{key.id}_")
    first, second = keys.admit(text), keys.admit(text)
    assert first.key == key == keys.list()[0]
    assert (key.name, key.tenant, key.scopes, key.quotas) == ("the shop", "ada", frozenset(BOTH), quotas)
    assert (first.remaining, second.remaining) == (4, 3)
    assert 0 < second.reset_seconds <= first.reset_seconds <= 60


def test_a_key_without_a_tenant_is_one_of_its_own(keys: Keys) -> None:
    tenants = {keys.create("x", scopes=BOTH)[0].tenant for _ in range(2)}
    assert tenants == {key.id for key in keys.list()}


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 256}, {"tenant": ""}, {"tenant": "a b"}])
def test_a_name_or_a_tenant_that_is_none_makes_no_key(keys: Keys, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(wrong))):
        keys.create(**{"name": "x", "scopes": BOTH} | wrong)  # type: ignore[arg-type]  # the fields are mixed
    assert not keys.any()


def test_nothing_of_a_secret_is_in_redis(keys: Keys, settings: Settings) -> None:
    _, text = keys.create("x", scopes=BOTH)
    keys.admit(text)
    secret = text.rpartition("_")[2]
    with connect(settings) as redis:
        held = "".join(key + repr(redis.execute_command("DUMP", key, NEVER_DECODE=True)) for key in redis.scan_iter())
        told = held + "".join(str(redis.hgetall(key)) for key in redis.scan_iter(_type="hash"))
    assert len(told) > len(secret)
    assert not [part for part in (secret[start : start + 8] for start in range(len(secret) - 7)) if part in told]


def test_a_revoked_key_is_let_in_no_more_and_reads_like_none(keys: Keys) -> None:
    key, text = keys.create("x", scopes=BOTH)
    _, other = keys.create("y", scopes=BOTH)
    keys.admit(text)
    revoked = keys.revoke(key.id)
    assert revoked.revoked_at is not None
    assert revoked.revoked_at >= key.created_at
    with pytest.raises(Unauthorized) as after:
        keys.admit(text)
    with pytest.raises(Unauthorized) as unknown:
        keys.admit("lr_" + "0" * 16 + "_" + "0" * 64)
    assert str(after.value) == str(unknown.value)
    assert keys.revoke(key.id) == revoked == keys.list()[1]
    keys.admit(other)


@pytest.mark.parametrize("change", [str.upper, lambda text: text[:-1], lambda text: f"{text} "])
def test_a_text_that_is_not_quite_the_keys_is_refused(keys: Keys, change) -> None:  # type: ignore[no-untyped-def]
    _, text = keys.create("x", scopes=BOTH)
    with pytest.raises(Unauthorized):
        keys.admit(change(text))


@pytest.mark.parametrize("text", ["", "lr_", "lr__", "x" * 10_000, "lr_\ud800_", "lr_*_*", "ключ"])
def test_what_is_no_text_of_a_key_is_refused(keys: Keys, text: str) -> None:
    with pytest.raises(Unauthorized):
        keys.admit(text)


def test_the_secret_of_another_key_is_refused_and_counts_for_neither(keys: Keys) -> None:
    (ada, hers), (_, his) = (keys.create(name, scopes=BOTH) for name in ("ada", "bob"))
    with pytest.raises(Unauthorized):
        keys.admit(f"lr_{ada.id}_{his.rpartition('_')[2]}")
    assert keys.admit(hers).remaining == keys.admit(his).remaining == Quotas().per_minute - 1


def test_keys_of_one_tenant_share_a_minute_and_each_is_held_to_its_own_quota(keys: Keys) -> None:
    _, small = keys.create("small", scopes=BOTH, tenant="ada", quotas=Quotas(per_minute=2))
    _, large = keys.create("large", scopes=BOTH, tenant="ada", quotas=Quotas(per_minute=4))
    _, other = keys.create("other", scopes=BOTH, tenant="bob", quotas=Quotas(per_minute=1))
    assert [keys.admit(text).remaining for text in (small, large)] == [1, 2]
    for _ in range(3):  # what is refused is not counted
        with pytest.raises(AskedTooOften) as told:
            keys.admit(small)
    assert told.value.admission.remaining == 0
    assert told.value.retry_after == told.value.admission.reset_seconds
    assert keys.admit(large).remaining == 1
    assert keys.admit(other).remaining == 0


def test_a_new_minute_begins_with_the_first_request_after_the_last(keys: Keys, settings: Settings) -> None:
    _, text = keys.create("x", scopes=BOTH, tenant="ada", quotas=Quotas(per_minute=1))
    keys.admit(text)
    with connect(settings) as redis:
        redis.pexpire("latentrelay:asked:ada", 1)  # the minute, shortened
        while redis.exists("latentrelay:asked:ada"):
            pass
    assert keys.admit(text).reset_seconds > 50


def test_keys_are_listed_newest_first(keys: Keys) -> None:
    assert keys.list() == ()
    made = [keys.create(str(number), scopes=BOTH)[0] for number in range(3)]
    assert keys.list() == tuple(reversed(made))


def test_a_key_was_ever_made_even_when_it_is_revoked_or_redis_forgets_it(keys: Keys, settings: Settings) -> None:
    assert not keys.any()
    key, _ = keys.create("x", scopes=BOTH)
    keys.revoke(key.id)
    assert keys.any()
    with connect(settings) as redis:
        redis.flushall()
    assert keys.any()


@pytest.mark.parametrize("key_id", ["", "nobody", "a" * 65, "\ud800"])
def test_a_key_that_is_not_there_cannot_be_revoked_and_is_not_repeated(keys: Keys, key_id: str) -> None:
    with pytest.raises(NotFound) as told:
        keys.revoke(key_id)
    assert str(told.value) == "There is no API key of that id."


def test_a_redis_that_is_away_is_told_as_a_stack_that_is(settings: Settings) -> None:
    keys = Keys.of(settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1")}))
    for ask in (
        keys.any,
        keys.list,
        lambda: keys.create("x", scopes=BOTH),
        lambda: keys.admit(f"lr_{'0' * 16}_{'0' * 64}"),
    ):
        with pytest.raises(StackUnavailable):
            ask()


def test_a_key_is_told_only_when_a_replica_has_it(settings: Settings) -> None:
    keys = Keys(connect(settings), replicas=1)
    with pytest.raises(StackUnavailable, match="replicas"):
        keys.create("x", scopes=BOTH)
