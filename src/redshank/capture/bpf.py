"""Turn a filter expression into a program that the kernel runs on every packet.

In: text as pcap-filter(7) describes it, a link type, a snap length. Out: instructions for SO_ATTACH_FILTER, whose
return value is how many bytes of the packet are kept.
The one idea: libpcap compiles, in our process if its library is there, otherwise through tcpdump; nobody needs it who
filters nothing.
A VLAN tag that the network card took out is not in the bytes that a filter sees: `vlan 5` finds nothing there (tcpdump
asks the kernel for the tag), while `port 53` finds tagged and untagged packets alike.
Of all interfaces together, whose link layers differ, a filter sees packets from the IP header on.
Source: pcap-filter(7), pcap_compile(3PCAP), linux/filter.h.
"""

import ctypes
import os
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterable

from redshank.capture.interface import LOOPBACK, MIXED
from redshank.core.errors import ConfigError, SourceError

LIBRARIES = ("libpcap.so.1", "libpcap.so.0.8", "libpcap.so")
_SO_ATTACH_FILTER = 26
_RETURN = 0x06
_ANY_NETMASK = 0xFFFFFFFF
_RAW_IP = 12  # DLT_RAW on Linux, where LINKTYPE_RAW is 101
_NAMES = {1: "EN10MB", _RAW_IP: "RAW", 105: "IEEE802_11", 127: "IEEE802_11_RADIO"}
_COMPILE_S = 10.0

# Instructions that load from the packet: a word, a half, a byte; the same behind X; the length of an IP header.
_LOADS = frozenset({0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xB1})
# Where they load from if not from its start: the IP header, and what the kernel knows of the packet beside it.
_FROM_NETWORK_LAYER = 0xFFF00000
_PACKET_TYPE, _HARDWARE = 0xFFFFF004, 0xFFFFF01C
_LOAD, _IF_EQUAL, _OUTGOING = 0x20, 0x15, 4

Program = bytes
"""Instructions one after another, 8 bytes each: code 2, jumps 1 + 1, constant 4, in the machine's byte order."""


class _Code(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint), ("instructions", ctypes.c_void_p))


class _Attached(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def everything(snap_bytes: int) -> Program:
    """Return a program that keeps the first `snap_bytes` of every packet; 0 keeps no packet.

    Example:
        >>> everything(0).hex()
        '0600000000000000'
    """
    return struct.pack("=HBBI", _RETURN, 0, 0, snap_bytes)


def compiled(expression: str, link_type: int, snap_bytes: int, libraries: Iterable[str] = LIBRARIES) -> Program:
    """Compile a filter expression.

    Args:
        expression: As pcap-filter(7) says; nothing but blanks keeps every packet.
        link_type: LINKTYPE_ value of the interface. Of a cooked one, and of MIXED, the filter sees packets from the IP
            header on. That of MIXED leaves out what goes out of the loopback interface: it comes in, too.
        snap_bytes: Bytes kept of a packet that passes.
        libraries: Names libpcap may have; the first that is there compiles.

    Raises:
        ConfigError: If the expression is wrong, in libpcap's own words, or there is nothing to compile it with.

    Example:
        >>> len(compiled("udp port 53", 1, 65535)) % 8
        0
    """
    if link_type == MIXED:
        return _of_all(compiled(expression, _RAW_IP, snap_bytes, libraries))
    if not expression.strip():
        return everything(snap_bytes)
    if "\0" in expression:
        raise _wrong(expression, "it holds a zero byte")
    layer = link_type if link_type in _NAMES else _RAW_IP
    for name in libraries:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        return _by_library(library, expression, layer, snap_bytes)
    if shutil.which("tcpdump"):
        return _by_tcpdump(expression, layer, snap_bytes)
    raise ConfigError(
        f"bpf: {expression!r} cannot be compiled: neither libpcap nor tcpdump is installed; "
        "install one of them (Debian: libpcap0.8), or leave the filter away"
    )


def attach(handle: socket.socket, program: Program) -> None:
    """Let the kernel run `program` on every packet of this socket from now on.

    Raises:
        SourceError: If the kernel refuses it, because it is too long.
    """
    code = _Attached(len(program) // 8, program)
    try:
        handle.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(code))
    except OSError as error:
        raise SourceError(
            f"bpf: the kernel refuses a filter of {len(program) // 8} instructions ({error.strerror}); make it shorter"
        ) from None


def _of_all(program: Program) -> Program:
    """Let a program for packets from the IP header on run on frames of any hardware."""
    loopback_once = (
        (_LOAD, 0, 0, _HARDWARE),
        (_IF_EQUAL, 0, 3, LOOPBACK),
        (_LOAD, 0, 0, _PACKET_TYPE),
        (_IF_EQUAL, 0, 1, _OUTGOING),
        (_RETURN, 0, 0, 0),
    )
    moved = (
        (code, jt, jf, k + _FROM_NETWORK_LAYER if code in _LOADS else k)
        for code, jt, jf, k in struct.iter_unpack("=HBBI", program)
    )
    return b"".join(struct.pack("=HBBI", *one) for one in (*loopback_once, *moved))


def _wrong(expression: str, reason: str) -> ConfigError:
    return ConfigError(f"bpf: {expression!r}: {reason}; pcap-filter(7) says what can be written")


def _by_library(library: ctypes.CDLL, expression: str, layer: int, snap_bytes: int) -> Program:
    library.pcap_open_dead.restype = ctypes.c_void_p
    library.pcap_geterr.restype = ctypes.c_char_p
    handle = ctypes.c_void_p(library.pcap_open_dead(layer, snap_bytes))
    code = _Code()
    try:
        text = os.fsencode(expression)
        if library.pcap_compile(handle, ctypes.byref(code), text, 1, ctypes.c_uint(_ANY_NETMASK)) != 0:
            raise _wrong(expression, library.pcap_geterr(handle).decode(errors="replace"))
        program = ctypes.string_at(code.instructions, 8 * code.count)
        library.pcap_freecode(ctypes.byref(code))
        return program
    finally:
        library.pcap_close(handle)


def _by_tcpdump(expression: str, layer: int, snap_bytes: int) -> Program:
    argv = ["tcpdump", "-y", _NAMES[layer], "-s", str(snap_bytes), "-dd", "--", expression]
    try:
        done = subprocess.run(  # noqa: S603  fixed program; the expression is one argument, behind --
            argv, capture_output=True, text=True, errors="replace", check=False, timeout=_COMPILE_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _wrong(expression, f"tcpdump does not compile it ({error})") from None
    rows = re.findall(r"\{ (0x[0-9a-f]+), (\d+), (\d+), (0x[0-9a-f]+) \}", done.stdout)
    if done.returncode != 0 or not rows:
        said = (done.stderr.strip().splitlines() or ["tcpdump says nothing"])[-1]
        raise _wrong(expression, said.removeprefix("tcpdump: "))
    return b"".join(struct.pack("=HBBI", int(code, 16), int(jt), int(jf), int(k, 16)) for code, jt, jf, k in rows)
