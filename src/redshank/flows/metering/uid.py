"""Names of flows and of tunnels: like Zeek's, but a function of what they name, so that a replay gives the same ones.

In: the key of a flow and the time of its first packet, or the two addresses of a tunnel that is no flow itself. Out:
two 64-bit words, written as C and 17 letters.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.siphash import siphash
from redshank.flows.metering.table import Int, Record

LENGTH = 18
ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", np.uint8)


@lean_kernel
def _mixed(a_hi: Int, a_lo: Int, b_hi: Int, b_lo: Int, rest: Int, first_ns: Int) -> tuple[Int, Int]:
    # The keys are public constants: a uid is a name, not a secret.
    one = siphash(np.uint64(1), np.uint64(2), a_hi, a_lo, b_hi, b_lo, rest)
    second = siphash(np.uint64(3), np.uint64(4), one, np.uint64(first_ns), a_lo, b_lo, rest)
    first = siphash(np.uint64(1), np.uint64(2), second, np.uint64(first_ns), a_lo, b_lo, rest)
    return first, second


@lean_kernel
def uid_of(row: Record) -> tuple[Int, Int]:
    """Return the two words of a flow's name: its key and first time make it."""
    rest = np.uint64(row.a_port) << np.uint64(32) | np.uint64(row.b_port) << np.uint64(16)
    rest |= np.uint64(row.proto) << np.uint64(8) | np.uint64(row.one_way)
    return _mixed(row.a_hi, row.a_lo, row.b_hi, row.b_lo, rest, np.uint64(row.first_ns))


@lean_kernel
def tunnel_uid(packet: Record) -> tuple[Int, Int]:
    """Return the two words of the name of an IP-in-IP or GRE tunnel: its two addresses and protocol make it."""
    rest = np.uint64(packet.proto) << np.uint64(8) | np.uint64(2)
    source_first = packet.src_lo < packet.dst_lo
    if packet.src_hi != packet.dst_hi:
        source_first = packet.src_hi < packet.dst_hi
    if source_first:
        return _mixed(packet.src_hi, packet.src_lo, packet.dst_hi, packet.dst_lo, rest, np.uint64(0))
    return _mixed(packet.dst_hi, packet.dst_lo, packet.src_hi, packet.src_lo, rest, np.uint64(0))


@lean_kernel
def write_uid(
    first: Int, second: Int, letters: npt.NDArray[np.uint8], at: Int, alphabet: npt.NDArray[np.uint8]
) -> None:
    """Write a name's LENGTH letters from letters[at] on."""
    letters[at] = 67  # C
    for digit in range(9):
        rest = first // np.uint64(62)
        letters[at + 1 + digit] = alphabet[np.int64(first - rest * np.uint64(62))]
        first = rest
    for digit in range(8):
        rest = second // np.uint64(62)
        letters[at + 10 + digit] = alphabet[np.int64(second - rest * np.uint64(62))]
        second = rest
