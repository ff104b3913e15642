import socket
import struct
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.capture.bpf import LIBRARIES, attach, compiled, everything
from redshank.capture.interface import MIXED
from redshank.core.errors import ConfigError, SourceError

EXPRESSIONS = ["udp port 53", "not port 22", "host 10.0.0.1 and tcp[tcpflags] & tcp-syn != 0", "vlan 5 or ip6"]


@pytest.mark.service
@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("snap_bytes", [64, 65_535])
def test_libpcap_and_tcpdump_compile_the_same(expression: str, snap_bytes: int) -> None:
    program = compiled(expression, 1, snap_bytes)
    assert program == compiled(expression, 1, snap_bytes, libraries=["no-such.so"])
    assert len(program) % 8 == 0
    kept = {k for code, _, _, k in struct.iter_unpack("=HBBI", program) if code == 6}
    assert kept == {0, snap_bytes}


def test_a_blank_filter_keeps_every_packet_up_to_the_snap_length() -> None:
    assert compiled("  ", 1, 96, libraries=[]) == everything(96) == struct.pack("=HBBI", 6, 0, 0, 96)


@pytest.mark.service
@pytest.mark.parametrize("libraries", [LIBRARIES, ()])
def test_a_wrong_filter_is_told_in_the_words_of_libpcap(libraries: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        compiled("udp prt 53", 1, 64, libraries)
    assert str(caught.value) == (
        "bpf: 'udp prt 53': can't parse filter expression: syntax error; pcap-filter(7) says what can be written"
    )


def test_what_the_link_layer_does_not_have_cannot_be_asked_for() -> None:
    with pytest.raises(ConfigError, match="bpf: 'vlan 5': no VLAN support for"):
        compiled("vlan 5", 101, 64)
    assert compiled("udp", 276, 64) == compiled("udp", 101, 64)  # a cooked interface shows packets from IP on


def test_without_libpcap_and_tcpdump_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="bpf: 'udp' cannot be compiled: neither libpcap nor tcpdump is installed"):
        compiled("udp", 1, 64, libraries=["no-such.so"])


@settings(max_examples=examples(60), deadline=None)
@example("\0udp")
@example("udp -w /tmp/x")
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_whatever_is_written_gives_a_program_or_one_clear_error(expression: str) -> None:
    said = f"bpf: {expression!r}: "
    try:
        assert len(compiled(expression, 1, 64)) >= 8
    except ConfigError as error:
        said = str(error)
    assert said.startswith(f"bpf: {expression!r}: ")


def test_a_filter_decides_what_a_socket_gets() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        left.setblocking(False)
        attach(left, everything(0))
        right.send(b"marsh")
        attach(left, everything(3))
        right.send(b"marsh")
        assert left.recv(100) == b"mar"


def test_a_filter_that_is_too_long_is_refused_by_its_length() -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as handle,
        pytest.raises(SourceError, match="refuses a filter of 5000 instructions"),
    ):
        attach(handle, everything(0) * 5000)


@pytest.mark.service
def test_a_filter_of_all_interfaces_starts_at_the_ip_header_and_leaves_the_loopbacks_outgoing_out() -> None:
    every = list(struct.iter_unpack("=HBBI", compiled("udp port 53", MIXED, 96)))
    bare = list(struct.iter_unpack("=HBBI", compiled("udp port 53", 101, 96)))
    assert [one[:3] for one in every[5:]] == [one[:3] for one in bare]
    moved = {
        (k_every - k) % 2**32
        for (code, _, _, k_every), (_, _, _, k) in zip(every[5:], bare, strict=True)
        if k_every != k
    }
    assert moved == {2**32 - 2**20}
    assert compiled("", MIXED, 96)[40:] == everything(96)
