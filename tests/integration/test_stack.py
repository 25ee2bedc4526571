"""Clients find the running stack, and are told plainly when there is none."""

import fcntl
from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings
from latentrelay.stack import Connections, locate, lock_file, stack_file

FOUND = Connections(
    redis_url="redis://:p@127.0.0.1:1/0",
    s3_endpoint="http://127.0.0.1:2",
    s3_access_key="key",
    s3_secret_key="secret",
    s3_bucket="bucket",
    s3_region="region",
)


def unconnected(folder: Path) -> Settings:
    return Settings(redis_url=None, s3_endpoint=None, data_dir=folder, dtype="float16")


def test_configured_servers_are_taken_as_they_are(tmp_path: Path) -> None:
    settings = Settings(redis_url=SecretStr("redis://elsewhere"), s3_endpoint="http://elsewhere", data_dir=tmp_path)
    assert locate(settings) is settings


def test_a_running_stack_is_found_in_its_folder(tmp_path: Path) -> None:
    stack_file(tmp_path).write_text(FOUND.model_dump_json())
    with lock_file(tmp_path).open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        found = locate(unconnected(tmp_path))
    assert found.redis_url == SecretStr(FOUND.redis_url)
    assert found.s3_secret_key == SecretStr("secret")
    assert (found.s3_endpoint, found.s3_access_key, found.s3_bucket) == ("http://127.0.0.1:2", "key", "bucket")
    assert found.dtype == "float16"


def test_what_a_killed_stack_left_behind_is_no_stack(tmp_path: Path) -> None:
    stack_file(tmp_path).write_text(FOUND.model_dump_json())
    lock_file(tmp_path).touch()
    with pytest.raises(StackUnavailable, match="latentrelay up"):
        locate(unconnected(tmp_path))


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(StackUnavailable, match="latentrelay up"):
        locate(unconnected(tmp_path / "nowhere"))


@pytest.mark.parametrize("content", [None, "", "{}", "not json"])
def test_a_stack_that_is_still_starting_is_told_as_such(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        stack_file(tmp_path).write_text(content)
    with lock_file(tmp_path).open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        with pytest.raises(StackUnavailable, match="not up yet"):
            locate(unconnected(tmp_path))
