"""Secrets and ports survive a restart, privately."""

import socket
from pathlib import Path

import pytest

from latentrelay.embedded.kept import PORTS, kept_ports, kept_secret, own_folder, write_private


def test_a_secret_is_made_once_and_kept_for_its_user_alone(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "secret")
    assert len(secret) == 40
    assert kept_secret(tmp_path / "secret") == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert kept_secret(tmp_path / "other") != secret


def test_writing_replaces_the_file_and_leaves_no_draft(tmp_path: Path) -> None:
    write_private(tmp_path / "file", "one")
    write_private(tmp_path / "file", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "two"


def test_an_own_folder_is_closed_to_others(tmp_path: Path) -> None:
    assert own_folder(tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_ports_are_kept_while_they_are_free(tmp_path: Path) -> None:
    ports = kept_ports(tmp_path / "ports", ["a", "b"])
    assert len(set(ports.values())) == 2
    assert set(ports.values()) <= set(PORTS)
    assert kept_ports(tmp_path / "ports", ["a", "b"]) == ports


def test_only_a_port_that_is_taken_changes(tmp_path: Path) -> None:
    ports = kept_ports(tmp_path / "ports", ["a", "b"])
    with socket.create_server(("127.0.0.1", ports["a"])):
        moved = kept_ports(tmp_path / "ports", ["a", "b"])
    assert moved["a"] != ports["a"]
    assert moved["b"] == ports["b"]


@pytest.mark.parametrize("damaged", ["", "[]", '{"a": "x"}', '{"a": null}', '{"a": -5}', '{"a": 99999}'])
def test_a_damaged_file_gives_new_ports(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "ports").write_text(damaged)
    assert kept_ports(tmp_path / "ports", ["a"])["a"] in PORTS
