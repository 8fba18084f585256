"""Which addresses may be asked on a user's word: public ones, and what the operator allows beside.

Somebody who may name an address could else read with our eyes what only we can reach: other
services on this machine, the local network, a cloud's metadata. Judged is the number that is
connected to, not the name, which can mean another number a moment later.
"""

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Python calls these global: they lead on to an IPv4 address, which may be any.
_LEADING_ELSEWHERE = tuple(
    ipaddress.ip_network(x) for x in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)

# And some of these, which no router of the Internet knows: protocols' own (a cloud's metadata among
# them), once a way to IPv6, what a cloud's machines ask of their host, sites' own networks of old,
# segment routing inside one, documentation.
_INNER = tuple(
    ipaddress.ip_network(x)
    for x in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "fec0::/10",
        "5f00::/16",
        "3fff::/20",
    )
)


def allowed(text: str, also: Sequence[Network] = ()) -> bool:
    """Whether this numeric address may be connected to: it is public, or in one of `also`."""
    address = _address(text)
    if address is None:
        return False
    if _among(address, also):
        return True
    if any(address in x for x in (*_LEADING_ELSEWHERE, *_INNER) if x.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def within(text: str, also: Sequence[Network]) -> bool:
    """Whether this numeric address is in one of the networks that the operator allows."""
    address = _address(text)
    return address is not None and _among(address, also)


def _address(text: str) -> Address | None:
    """The number, as IPv4 where it only wraps one."""
    try:
        address: Address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _among(address: Address, also: Sequence[Network]) -> bool:
    return any(address in network for network in also if network.version == address.version)


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a list with commas, such as `10.1.0.0/16, ::1/128`. Raises `ValueError`."""
    return tuple(ipaddress.ip_network(x.strip()) for x in text.split(",") if x.strip())
