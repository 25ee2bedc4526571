"""`latentrelay sweep` on the real servers."""

import json

import pytest
from click.testing import CliRunner, Result

from latentrelay.cli import main
from latentrelay.client import Client
from latentrelay.contracts import Artifact, ArtifactKind, input_key
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.processes import address


@pytest.fixture
def sweep(settings: Settings, store: S3Store):  # type: ignore[no-untyped-def]  # noqa: ARG001  # the bucket must be there
    def run(*words: str, orphan_seconds: str = "0") -> Result:
        environment = address(settings) | {"LATENTRELAY_ORPHAN_SECONDS": orphan_seconds}
        return CliRunner().invoke(main, ["sweep", *words], env=environment)

    return run


def stray(store: S3Store) -> str:
    """The key of an object that nobody names."""
    described = Artifact(kind=ArtifactKind.INPUT, key=input_key("lost"), sha256="0" * 64, bytes=1, media_type="x")
    store.put(described, b"x")
    return described.key


def test_a_sound_store_is_told_in_a_table_and_a_last_line(sweep, client: Client) -> None:  # type: ignore[no-untyped-def]
    client.upload(b"pixels")
    ended = sweep()
    assert ended.exit_code == 0
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert ["inputs", "1", "6", "B", "0", "0", "0"] in lines
    assert ended.stdout.splitlines()[-1] == "audit: everything is accounted for"


def test_a_dry_run_removes_nothing_and_ends_with_1_where_something_is_not_accounted_for(  # type: ignore[no-untyped-def]
    sweep, client: Client, store: S3Store
) -> None:
    key, upload = stray(store), client.upload(b"pixels")
    store.delete([input_key(upload)])
    ended = sweep("--dry-run")
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[-3:] == [
        f"orphaned: {key}",
        f"missing: {input_key(upload)}",
        "audit: not accounted for: 1 orphaned, 1 missing",
    ]
    assert store.exists(key)


def test_what_has_had_its_time_is_removed_and_counted(sweep, store: S3Store) -> None:  # type: ignore[no-untyped-def]
    key = stray(store)
    assert json.loads(sweep("--json", orphan_seconds="3600").stdout)["holdings"][2]["young"] == 1
    told = json.loads(sweep("--json").stdout)
    assert (told["sound"], told["swept"]["orphans"]) == (True, 1)
    assert not store.exists(key)
    assert "swept" not in sweep().stdout
