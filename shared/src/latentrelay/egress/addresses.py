"""Which addresses are public: our own list, because `ipaddress.is_global` is no policy. Pure.

It calls multicast, 64:ff9b::a9fe:a9fe, 2002:7f00:1:: and 168.63.129.16 global. Sources: the IANA special-purpose
registries for IPv4 and IPv6 (RFC 6890), and what cloud providers route to their own services.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_V4 = (
    "0.0.0.0/8",  # this network; 0.0.0.0 reaches loopback on Linux
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # carrier-grade NAT; holds Alibaba's metadata service
    "127.0.0.0/8",  # loopback
    "168.63.129.16/32",  # Azure's wire server
    "169.254.0.0/16",  # link-local; holds the metadata services
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments; holds Oracle's metadata service
    "192.0.2.0/24",  # documentation
    "192.31.196.0/24",  # AS112
    "192.52.193.0/24",  # automatic multicast tunnelling
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",  # private
    "192.175.48.0/24",  # AS112
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
)
# Outside 2000::/3 nothing is public: loopback, v4-mapped and v4-compatible, NAT64 64:ff9b::/96 and 64:ff9b:1::/48,
# discard 100::/64, segment routing 5f00::/16, unique local fc00::/7 (AWS and Google metadata), link-local, multicast.
_GLOBAL_UNICAST_V6 = "2000::/3"
_NOT_PUBLIC_V6 = (
    "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4: an IPv4 address in disguise
    "2620:4f:8000::/48",  # AS112
    "3ffe::/16",  # the 6bone of old
    "3fff::/20",  # documentation
)

_ISATAP = 0x5EFE
_V4 = tuple(map(IPv4Network, _NOT_PUBLIC_V4))
_V6 = tuple(map(IPv6Network, _NOT_PUBLIC_V6))
_V6_PUBLIC = IPv6Network(_GLOBAL_UNICAST_V6)


def is_public(address: Address) -> bool:
    """Whether `address` is somebody's on the open internet, and no disguise of one that is not."""
    if isinstance(address, IPv4Address):
        return not within(address, _V4)
    return address in _V6_PUBLIC and not _carries_v4(address) and not within(address, _V6)


def within(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether one of `networks` holds `address`."""
    return any(address.version == network.version and address in network for network in networks)


def parse_networks(cidrs: frozenset[str]) -> tuple[Network, ...]:
    """The networks that `cidrs` name.

    Raises:
        ValueError: one is not a network.
    """
    return tuple(ip_network(cidr, strict=False) for cidr in sorted(cidrs))


def _carries_v4(address: IPv6Address) -> bool:
    """ISATAP (RFC 5214): an interface identifier of 00-00-5E-FE or 02-00-5E-FE and an IPv4 address."""
    return (int(address) >> 32) & 0xFDFF_FFFF == _ISATAP
