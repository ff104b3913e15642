import numpy as np
import pytest

from redshank.flows.payload.tokens import carries_tokens, is_kerberos, is_rpc, is_smb, spnego_at, ticket_at

SMB = b"\x00\x00\x00\x40\xfeSMB" + bytes(60)
RPC = b"\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00" + bytes(56)
LDAP = bytes.fromhex("300c020101600702010304008000")
# RFC 4120, section 5.5.1 inside RFC 4121, section 4.1.
AP_REQ = bytes.fromhex("6e0c 300a a003020105 a10302010e")
IDENTIFIER = bytes.fromhex("06092a864886f712010202")


@pytest.mark.parametrize(
    ("payload", "carries"), [(SMB, True), (RPC, True), (LDAP, True), (b"", False), (AP_REQ, False), (b"GET / H", False)]
)
def test_tokens_are_looked_for_in_three_protocols(payload: bytes, *, carries: bool) -> None:
    data = np.frombuffer(payload + bytes(20), np.uint8).copy()
    assert carries_tokens(data, 0, len(payload)) is carries
    assert is_smb(data, 0, len(payload)) is (payload == SMB)
    assert is_rpc(data, 0, len(payload)) is (payload == RPC)


def test_a_ticket_stands_behind_its_identifier() -> None:
    data = np.frombuffer(b"xx" + IDENTIFIER + b"yy" + IDENTIFIER + b"\x01\x00" + AP_REQ, np.uint8).copy()
    assert ticket_at(data, 0, len(data)) == 15  # the first identifier has no ticket
    assert ticket_at(data, 0, len(data) - 6) == -1
    assert is_kerberos(data, 28, len(data))
    assert not is_kerberos(data, 27, len(data))


def test_negotiation_has_its_own_identifier() -> None:
    data = np.frombuffer(b"x\x60\x1c\x06\x06\x2b\x06\x01\x05\x05\x02", np.uint8).copy()
    assert spnego_at(data, 0, len(data)) == 3
    assert spnego_at(data, 0, len(data) - 1) == -1
