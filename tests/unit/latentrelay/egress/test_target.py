from ipaddress import ip_address

import pytest

from latentrelay.egress import Allowed, Target, parse_target, refusal
from latentrelay.errors import UnsafeUrl

NOTHING = Allowed()
INSIDE = Allowed.of(frozenset({"Images.Internal"}), frozenset({"10.1.0.0/16", "fd00:1::/32"}))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("HTTPS://Example.COM./a?b=c#d", Target("https", "example.com", 443, "/a?b=c")),
        ("https://example.com:8443/a%20b", Target("https", "example.com", 8443, "/a%20b")),
        ("https://example.com/ü?q=é", Target("https", "example.com", 443, "/%C3%BC?q=%C3%A9")),
        ("https://bücher.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("https://[2606:4700::1111]/", Target("https", "2606:4700::1111", 443, "/")),
        ("https://8.8.8.8/x", Target("https", "8.8.8.8", 443, "/x")),
    ],
)
def test_a_url_says_where_it_leads(url, target):
    assert parse_target(url, NOTHING) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/a.png",
        "http://example.com/a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "gopher://example.com",
        "data:image/png;base64,AAAA",
        "https://",
        "https:///a.png",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:https/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: other",
        "https://example.com\\@127.0.0.1/",
        "https://exa%6dple.com/",
        "https://[::1",
        "https://[::1%25eth0]/",
        "https://[v1.a]/",
        "https://-example.com/",
        f"https://{'ü' * 64}.example/",
    ],
)
def test_a_url_that_is_no_plain_https_url_is_refused_before_anything_is_resolved(url):
    with pytest.raises(UnsafeUrl):
        parse_target(url, NOTHING)


def test_plain_http_is_only_for_a_host_that_is_allowed_by_its_exact_name():
    assert parse_target("http://images.internal/a", INSIDE).port == 80
    for url in ("http://other.images.internal/a", "http://internal/a", "http://10.1.0.1/a"):
        with pytest.raises(UnsafeUrl):
            parse_target(url, INSIDE)


def test_the_host_header_names_a_port_only_where_it_is_not_the_schemes_own():
    assert parse_target("https://example.com:443/", NOTHING).authority == "example.com"
    assert parse_target("https://example.com:8443/", NOTHING).authority == "example.com:8443"
    assert parse_target("https://[2606:4700::1111]:8443/", NOTHING).authority == "[2606:4700::1111]:8443"


@pytest.mark.parametrize(
    ("url", "addresses", "allowed", "refused"),
    [
        ("https://example.com/", ["93.184.215.14"], NOTHING, False),
        ("https://example.com/", ["93.184.215.14", "2606:4700::1111"], NOTHING, False),
        ("https://example.com/", ["93.184.215.14", "127.0.0.1"], NOTHING, True),
        ("https://example.com/", ["93.184.215.14", "::1"], NOTHING, True),
        ("https://example.com/", ["10.1.0.1"], NOTHING, True),
        ("https://example.com/", ["10.1.0.1"], INSIDE, False),
        ("https://example.com/", ["10.2.0.1"], INSIDE, True),
        ("https://example.com/", ["::ffff:10.1.0.1"], INSIDE, True),
        ("https://example.com/", ["fd00:1::7"], INSIDE, False),
        ("https://example.com/", ["10.1.0.1", "127.0.0.1"], INSIDE, True),
        ("https://images.internal/", ["127.0.0.1"], INSIDE, False),
        ("https://example.com:8443/", ["93.184.215.14"], NOTHING, False),
        ("https://example.com:22/", ["93.184.215.14"], NOTHING, True),
        ("https://example.com:6379/", ["93.184.215.14"], INSIDE, True),
        ("https://example.com:9000/", ["10.1.0.1"], INSIDE, False),
        ("https://example.com:9000/", ["10.1.0.1", "93.184.215.14"], INSIDE, True),
        ("https://images.internal:9000/", ["127.0.0.1"], INSIDE, False),
    ],
)
def test_every_address_must_be_public_or_allowed_and_the_port_one_for_the_web(url, addresses, allowed, refused):
    why = refusal(parse_target(url, allowed), [ip_address(address) for address in addresses], allowed)
    assert (why is not None) is refused


def test_a_refusal_does_not_repeat_the_address_that_an_internal_name_stands_for():
    why = refusal(parse_target("https://db.corp/", NOTHING), [ip_address("10.9.8.7")], NOTHING)
    assert why is not None
    assert "10.9.8.7" not in why


def test_an_operators_network_that_is_none_is_told():
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/33"):
        Allowed.of(frozenset(), frozenset({"10.0.0.0/33"}))
