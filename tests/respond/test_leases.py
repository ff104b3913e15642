import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.respond.leases import message, message6, servers

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
# As udhcpc names them to its script; the script is that of docs/how-to/respond-safely.md.
UDHCPC = "serverid=10.0.0.3\nrouter=10.0.0.1\ndns=10.0.0.4 10.0.0.5\n"
HEAD = bytes([2, 1, 6, 0]) + bytes(232) + b"\x63\x82\x53\x63"
"""A BOOTREPLY without options: 236 bytes and the cookie (RFC 2131, 3)."""
# RFC 2132: 53 message type (ack), a pad, 54 server identifier, 3 routers, 6 name servers, end.
ACK = HEAD + bytes.fromhex("350105 00 36040a000003 03040a000001 06080a0000040a000005 ff 36040a000042")


@pytest.mark.parametrize("text", [DHCLIENT, NETWORKD, NETWORK_MANAGER, UDHCPC])
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


# RFC 8415, 11.2 and 11.4: type, hardware type 1 (Ethernet), the time where there is one, the address.
LLT, LL = bytes.fromhex("0001 0001 1c471200 02005e100003"), bytes.fromhex("0003 0001 02005e100003")


@pytest.mark.parametrize(
    "text",
    [
        # As dhclient writes octets, without leading zeros, and as NetworkManager's own client does.
        "lease6 {\n  option dhcp6.server-id 0:1:0:1:1c:47:12:0:2:0:5e:10:0:3;\n}\n",
        "[dhcp6]\ndhcp6.dhcp6_server_id=00:03:00:01:02:00:5e:10:00:03\n",
    ],
)
def test_a_dhcpv6_servers_identifier_names_its_link_layer_address(text: str) -> None:
    assert list(servers(text)) == [("02:00:5e:10:00:03", "DHCP server (its identifier)")]


@pytest.mark.parametrize(
    "written",
    [
        "0:2:0:0:ab:11:1:2:3:4",
        "0:3:0:6:2:0:5e:10:0:3",
        "0:3:0:1:2:0:5e",
        '"opaque"',
        "0:3:0:1:2:0:5e:10:0:3:0",
        "0:300",
    ],
)
def test_an_identifier_that_is_made_of_no_ethernet_address_names_none(written: str) -> None:
    assert list(servers(f"option dhcp6.server-id {written};\n")) == []


@pytest.mark.parametrize("identifier", [LLT, LL])
def test_a_dhcpv6_lease_that_is_the_message_names_server_and_resolvers(identifier: bytes) -> None:
    def option(code: int, value: bytes) -> bytes:
        return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value

    resolvers = b"".join(ipaddress.IPv6Address(one).packed for one in ("fd00::4", "fd00::5"))
    unicast = ipaddress.IPv6Address("fd00::3").packed
    # 7 is a reply; of the client (1) nothing is told.
    reply = bytes([7, 1, 2, 3]) + option(1, LL) + option(2, identifier) + option(23, resolvers) + option(12, unicast)
    assert list(message6(reply)) == [
        ("02:00:5e:10:00:03", "DHCP server (its identifier)"),
        ("fd00::4", "DNS server"),
        ("fd00::5", "DNS server"),
        ("fd00::3", "DHCP server"),
    ]
    assert len(list(message6(reply[:-1]))) == 3, "cut short"


@given(st.text(max_size=300), st.binary(max_size=300))
def test_no_file_makes_them_fail(text: str, rest: bytes) -> None:
    list(servers(text))
    list(message(rest))
    list(message(HEAD + rest))
    list(message6(rest))
