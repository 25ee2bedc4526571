"""Where the gateway of an embedded stack is."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay.embedded.gateway_process import is_open, linked_through, told_of, url_of, with_port
from latentrelay.embedded.kept import is_free
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Links, Settings


def at(host: str, port: int = 8000) -> Settings:
    return Settings(gateway_host=host, gateway_port=port)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
    ],
)
def test_the_url_is_one_that_this_machine_can_ask(host: str, url: str) -> None:
    assert url_of(at(host)) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_on_loopback_links_lead_to_the_store_and_nothing_is_said_of_the_network(host: str) -> None:
    assert not is_open(at(host))
    assert linked_through(at(host)).links is Links.STORE
    assert "network" not in told_of(at(host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_beyond_loopback_links_lead_to_the_gateway_and_it_is_said_that_it_is_open(host: str) -> None:
    assert is_open(at(host))
    assert linked_through(at(host)).links is Links.GATEWAY
    assert "open to the network" in told_of(at(host))


def test_links_lead_to_a_store_that_is_configured_or_has_a_name_for_outsiders() -> None:
    named = {"s3_public_endpoint": "https://images.example.com"}
    configured = {"s3_endpoint": "http://minio:9000", "redis_url": SecretStr("redis://redis:6379")}
    for update in (named, configured):
        assert linked_through(at("0.0.0.0").model_copy(update=update)).links is Links.STORE


def test_a_free_port_is_kept_from_one_start_to_the_next(tmp_path: Path) -> None:
    first = with_port(at("127.0.0.1", 0), tmp_path)
    assert first.gateway_port > 0
    assert with_port(at("127.0.0.1", 0), tmp_path).gateway_port == first.gateway_port


def test_a_port_that_is_taken_is_refused_and_another_is_left_as_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackUnavailable, match=f"port {port} of 127.0.0.1 cannot be listened at"):
            with_port(at("127.0.0.1", port), tmp_path)
        assert not is_free(port, "0.0.0.0")
    assert with_port(at("127.0.0.1", port), tmp_path).gateway_port == port


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_of_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(StackUnavailable, match="no address of this machine"):
        with_port(at(host), tmp_path)
