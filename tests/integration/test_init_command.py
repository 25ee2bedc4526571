"""`latentrelay init` on real servers: what it makes, and what it leaves alone."""

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from latentrelay.access import Keys
from latentrelay.access.text import draw
from latentrelay.cli import main
from latentrelay.contracts import Scope
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.processes import address

Run = Callable[[str], Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    """`init` with an API key's text in the environment."""
    return lambda text: CliRunner().invoke(main, ["init"], env=address(settings) | {"LATENTRELAY_API_KEY": text})


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    keys = Keys.of(settings)
    yield keys
    keys.close()


def test_the_bucket_has_its_rules_and_the_first_key_lets_its_bearer_do_everything(
    run: Run, keys: Keys, settings: Settings
) -> None:
    key_id, text = draw()
    ended = run(text)
    assert ended.exit_code == 0, ended.stderr
    assert text not in ended.output
    assert S3Store.connect(settings).lacking_rules() == ()
    admitted = keys.admit(text).key
    assert (admitted.id, admitted.tenant) == (key_id, "default")
    assert all(admitted.may(scope) for scope in Scope)


def test_once_any_key_was_made_no_other_is_and_none_comes_back_that_was_revoked(run: Run, keys: Keys) -> None:
    key_id, text = draw()
    run(text)
    keys.revoke(key_id)
    for again in (text, draw()[1], "not a key at all"):
        ended = run(again)
        assert (ended.exit_code, "keys were made before" in ended.stdout) == (0, True)
    assert [(key.id, key.revoked_at is None) for key in keys.list()] == [(key_id, False)]


def test_what_cannot_be_a_key_is_refused_without_being_repeated(run: Run, keys: Keys) -> None:
    ended = run("lr_secret")
    assert ended.exit_code == 2
    assert "LATENTRELAY_API_KEY: this is not the text of an API key" in ended.stderr
    assert "lr_secret" not in ended.output
    assert not keys.any()
