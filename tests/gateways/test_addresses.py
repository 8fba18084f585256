"""Which addresses are asked on a user's word."""

import pytest

from lastseat.gateways.addresses import allowed, networks


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - an address that must not be asked
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",  # a cloud's metadata
        "100.64.0.1",
        "100.100.100.200",  # another's
        "192.0.0.192",  # another's
        "168.63.129.16",  # what a cloud's machines ask of their host
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "fec0::1",
        "5f00::1",
        "3fff::1",
        # IPv6 in front of an IPv4 address that is not public
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "localhost",
        "",
    ],
)
def test_what_is_not_public_is_not_asked(address: str) -> None:
    assert not allowed(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8"])
def test_what_is_public_is(address: str) -> None:
    assert allowed(address)


def test_an_operator_can_name_networks_beside() -> None:
    also = networks("10.1.0.0/16, ::1/128,")
    assert allowed("10.1.2.3", also)
    assert allowed("::1", also)
    assert allowed("::ffff:10.1.2.3", also)
    assert not allowed("10.2.0.1", also)
    with pytest.raises(ValueError, match=r"does not appear|host bits"):
        networks("10.1.0.1/16")
