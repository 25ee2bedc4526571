"""`latentrelay keys` on a real Redis."""

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from latentrelay.access import Keys
from latentrelay.cli import main
from latentrelay.contracts import Quotas, Scope
from latentrelay.errors import Unauthorized
from latentrelay.settings import Settings
from tests.processes import address

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words, env=address(settings))

    return run


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    keys = Keys.of(settings)
    yield keys
    keys.close()


def test_a_keys_text_stands_alone_on_stdout_and_lets_in(run: Run, keys: Keys) -> None:
    ended = run("keys", "create", "the shop")
    assert ended.exit_code == 0
    key = keys.admit(ended.stdout.removesuffix("\n")).key
    assert (key.name, key.tenant) == ("the shop", key.id)
    assert (key.scopes, key.quotas) == ({Scope.SUBMIT, Scope.READ}, Quotas())
    assert ended.stderr == f"key {key.id} of tenant {key.id}; its text is not shown again\n"


def test_a_key_is_made_as_it_is_asked_for(run: Run, keys: Keys) -> None:
    quotas = ("--in-flight", "3", "--per-minute", "5", "--pixels-per-day", "1000000")
    ended = run("keys", "create", "ops", "--tenant", "ada", "--scope", "admin", *quotas, "--json")
    told = json.loads(ended.stdout)
    key = keys.admit(told.pop("text")).key
    assert told == json.loads(key.model_dump_json())
    assert (key.tenant, key.scopes) == ("ada", {Scope.ADMIN})
    assert key.quotas == Quotas(in_flight=3, per_minute=5, pixels_per_day=1_000_000)
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [(["x", "--tenant", "a b"], "tenant: "), (["x", "--tenant", ""], "tenant: "), ([""], "name: ")],
)
def test_a_name_or_tenant_that_is_none_is_refused_with_2(run: Run, keys: Keys, words: list[str], told: str) -> None:
    ended = run("keys", "create", *words)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"latentrelay: {told}")
    assert not keys.any()


def test_keys_are_listed_without_their_secrets(run: Run) -> None:
    assert run("keys", "list").stdout == "no keys\n"
    text = run("keys", "create", "the shop", "--tenant", "ada").stdout.strip()
    _, key_id, secret = text.split("_")
    ended, as_json = run("keys", "list"), run("keys", "list", "--json")
    row = ended.stdout.splitlines()[1].split()
    assert row[:-3] == [key_id, "the", "shop", "ada", "submit,read", "100", "600"]
    assert row[-1] == "ago"
    assert [(key["id"], key["revoked_at"]) for key in json.loads(as_json.stdout)] == [(key_id, None)]
    assert secret[:8] not in ended.output + as_json.output


def test_a_key_is_revoked_and_listed_as_such(run: Run, keys: Keys) -> None:
    text = run("keys", "create", "x").stdout.strip()
    key_id = text.split("_")[1]
    assert run("keys", "revoke", key_id).stdout == f"key {key_id} is revoked\n"
    with pytest.raises(Unauthorized):
        keys.admit(text)
    assert run("keys", "list").stdout.count(" ago") == 2
    assert json.loads(run("keys", "revoke", key_id, "--json").stdout)["revoked_at"]


def test_a_text_given_for_an_id_is_not_repeated(run: Run) -> None:
    text = run("keys", "create", "x").stdout.strip()
    ended = run("keys", "revoke", text)
    assert (ended.exit_code, ended.stderr) == (2, "latentrelay: There is no API key of that id.\n")


def test_the_other_commands_need_no_key(run: Run) -> None:
    run("keys", "create", "x")
    assert run("jobs").stdout == "no jobs\n"
