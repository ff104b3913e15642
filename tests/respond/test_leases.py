import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.respond.leases import message, servers

# As dhclient 4.4 writes it (dhclient.leases(5)), shortened.
DHCLIENT = """lease {
  interface "eth0";
  fixed-address 10.0.0.2;
  option routers 10.0.0.1;
  option dhcp-server-identifier 10.0.0.3;
  option domain-name-servers 10.0.0.4, 10.0.0.5;
}
"""
NETWORKD = "# This is private data.\nADDRESS=10.0.0.2\nROUTER=10.0.0.1\nSERVER_ADDRESS=10.0.0.3\nDNS=10.0.0.4 fd00::4\n"
# Names and prefixes of keys as NetworkManager writes them to /run/NetworkManager/devices; values made up.
NETWORK_MANAGER = """[device]
managed=true
[dhcp4]
dhcp4.ip_address=10.0.0.2
dhcp4.dhcp_server_identifier=10.0.0.3
dhcp4.domain_name_servers=10.0.0.4 10.0.0.5
dhcp4.routers=10.0.0.1
[dhcp6]
dhcp6.dhcp6_name_servers=fd00::4
"""
HEAD = bytes([2, 1, 6, 0]) + bytes(232) + b"\x63\x82\x53\x63"
"""A BOOTREPLY without options: 236 bytes and the cookie (RFC 2131, 3)."""
# RFC 2132: 53 message type (ack), a pad, 54 server identifier, 3 routers, 6 name servers, end.
ACK = HEAD + bytes.fromhex("350105 00 36040a000003 03040a000001 06080a0000040a000005 ff 36040a000042")


@pytest.mark.parametrize("text", [DHCLIENT, NETWORKD, NETWORK_MANAGER])
def test_leases_name_server_gateway_and_resolvers(text: str) -> None:
    found = dict(servers(text))
    assert found["10.0.0.3"] == "DHCP server"
    assert found["10.0.0.1"] == "gateway"
    assert found["10.0.0.4"] == "DNS server"
    assert "10.0.0.2" not in found
    assert "10.0.0.5" in found or found["fd00::4"] == "DNS server"


def test_a_lease_that_is_the_message_of_the_server_names_the_same_and_ends_at_its_end() -> None:
    assert list(message(ACK)) == [
        ("10.0.0.3", "DHCP server"),
        ("10.0.0.1", "gateway"),
        ("10.0.0.4", "DNS server"),
        ("10.0.0.5", "DNS server"),
    ]


def test_a_message_that_is_none_or_cut_short_gives_what_is_whole() -> None:
    assert list(message(b"")) == []
    assert list(message(ACK[:236] + b"\0\0\0\0" + ACK[240:])) == []
    assert list(message(HEAD + bytes.fromhex("36040a00"))) == []
    assert list(message(HEAD + bytes.fromhex("36ff0a0000030a0000"))) == [("10.0.0.3", "DHCP server")]
    assert list(message(HEAD + b"\x36")) == []


@given(st.text(max_size=300), st.binary(max_size=300))
def test_no_file_makes_them_fail(text: str, rest: bytes) -> None:
    list(servers(text))
    list(message(rest))
    list(message(HEAD + rest))
