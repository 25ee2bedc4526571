"""Whose bucket it is, on the real servers: to a Redis that is empty, or another's, all of it would be orphans."""

import json
import logging
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from latentrelay.cli import main
from latentrelay.client import Client
from latentrelay.contracts import Artifact, ArtifactKind, input_key
from latentrelay.jobs import connect
from latentrelay.objects import StoredObject
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from latentrelay.sweeper import Sweeper, Swept
from tests.processes import address

MARK = "latentrelay-stack"
AT_ONCE = {"orphan_seconds": 0.0, "sweep_seconds": 0.001}
WAY_OUT = "remove its object latentrelay-stack to let this stack own it"


def sweeper_of(settings: Settings, store: S3Store, **changes: object) -> Sweeper:
    return Sweeper.of(connect(settings), store, settings.model_copy(update=AT_ONCE | changes))


@pytest.fixture
def other(settings: Settings) -> Settings:
    """A stack with a Redis of its own and the same bucket."""
    assert settings.redis_url
    url = settings.redis_url.get_secret_value()
    return settings.model_copy(update={"redis_url": SecretStr(f"{url}{'' if url.endswith('/') else '/'}1")})


def stray(store: S3Store) -> str:
    """The key of an object that nobody names."""
    key = input_key("lost")
    store.put(Artifact(kind=ArtifactKind.INPUT, key=key, sha256="0" * 64, bytes=1, media_type="x"), b"x")
    return key


def swept(sweeper: Sweeper) -> Swept:
    """A whole round, then a turn as workers take it."""
    return sweeper.sweep_all() + sweeper.take_turn("w1")


def test_a_stack_that_lost_its_redis_removes_nothing_of_what_it_no_longer_knows(
    client: Client, settings: Settings, store: S3Store
) -> None:
    swept(sweeper_of(settings, store))
    upload = client.upload(b"pixels")
    connect(settings).flushall()
    assert not swept(sweeper_of(settings, store))
    assert store.exists(input_key(upload))


def test_a_stack_with_another_redis_removes_no_orphan_and_still_what_its_own_records_name(
    client: Client, settings: Settings, other: Settings, store: S3Store
) -> None:
    swept(sweeper_of(settings, store))
    theirs = client.upload(b"pixels")
    second = Client.connect(other)
    mine = second.upload(b"pixels")
    assert swept(sweeper_of(other, store, inputs_seconds=0)) == Swept(inputs=1)
    assert (store.exists(input_key(mine)), store.exists(input_key(theirs))) == (False, True)
    second.close()


def test_the_owner_goes_on_to_remove_orphans_whoever_else_came(
    settings: Settings, other: Settings, store: S3Store
) -> None:
    swept(sweeper_of(settings, store))
    swept(sweeper_of(other, store))
    key = stray(store)
    assert swept(sweeper_of(settings, store)).orphans == 1
    assert not store.exists(key)


def test_a_bucket_whose_mark_was_removed_is_owned_by_who_sweeps_it_next(
    settings: Settings, other: Settings, store: S3Store
) -> None:
    swept(sweeper_of(settings, store))
    store.delete([MARK])
    stray(store)
    assert swept(sweeper_of(other, store)).orphans == 1
    stray(store)
    assert swept(sweeper_of(settings, store)).orphans == 0


def test_a_redis_that_is_emptied_in_the_midst_of_a_round_costs_no_object(client: Client, settings: Settings) -> None:
    class Unlucky(S3Store):
        """A real store; Redis is emptied when it has listed something."""

        def page(self, prefix: str, after: str = "") -> tuple[StoredObject, ...]:
            found = super().page(prefix, after)
            if found:
                connect(settings).flushall()
            return found

    store = Unlucky.connect(settings)
    upload = client.upload(b"pixels")
    assert not sweeper_of(settings, store).sweep_all()
    assert store.exists(input_key(upload))


def test_the_reason_is_logged_once_however_many_turns_are_taken(
    settings: Settings, other: Settings, store: S3Store, caplog: pytest.LogCaptureFixture
) -> None:
    swept(sweeper_of(settings, store))
    sweeper = sweeper_of(other, store)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            swept(sweeper)
    (record,) = caplog.records
    assert record.message == "orphans not swept"
    assert WAY_OUT in record.__dict__["detail"]


def test_an_audit_only_looks_and_a_bucket_that_is_nobodys_is_sound(settings: Settings, store: S3Store) -> None:
    assert sweeper_of(settings, store).audit().is_sound
    assert not store.exists(MARK)


Run = Callable[..., Result]


@pytest.fixture
def run(client: Client, settings: Settings, other: Settings, store: S3Store) -> Run:
    """A command of the stack to which the bucket does not belong."""
    swept(sweeper_of(settings, store))
    client.upload(b"pixels")
    return lambda *words: CliRunner().invoke(main, words, env=address(other))


@pytest.mark.parametrize("words", [["sweep"], ["sweep", "--dry-run"]])
def test_the_sweep_command_says_whose_bucket_it_is_not_and_ends_with_1(run: Run, words: list[str]) -> None:
    ended = run(*words)
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[-1].endswith(WAY_OUT)
    told = json.loads(run(*words, "--json").stdout)
    assert (told["sound"], told["is_foreign"]) == (False, True)


def test_doctor_tells_whose_bucket_it_is_not_and_how_to_own_it(run: Run, store: S3Store) -> None:
    found = {finding["what"]: finding for finding in json.loads(run("doctor", "--json").stdout)}
    assert (found["bucket"]["mark"], found["bucket"]["mend"]) == ("missing", WAY_OUT)
    store.delete([MARK])
    assert "bucket" not in {finding["what"] for finding in json.loads(run("doctor", "--json").stdout)}
    assert not store.exists(MARK)
