"""Who says by ARP that an address is its own: blocks of frames -> FLOW rows of devices that speak for another.

In: Blocks in which there is ARP. Out: a FLOW row (`proto` arp) for each hardware address that claims an address which
another held lately, and has one of its own beside it: what a man in the middle must do before he has a packet to read,
and what a device does not that merely got a new address, or was given that of one which left.

| column | holds |
|---|---|
| `src_ip` | the other address that the claimant has |
| `src_mac` | the hardware address that the frame came from; whoever claims in another's name has another one |
| `dst_ip`, `dst_mac` | the address that it claims, and the hardware address that held it |
| `weird_name`, `weird_addl` | SECOND_OWNER, and the same in words |

The one idea: whoever holds an address keeps it here as long as he is heard within MEMORY_NS, so a lie that is repeated
stays a lie, and the truth that is told against it is none. From one who has it for AGAIN_NS nobody takes it, also no
stranger without an address of his own, or the truth against him would be the lie. Every ARP packet tells what its
sender claims (RFC 826 has everybody learn from requests too); questions before an address is taken (RFC 5227: sender
0.0.0.0) claim nothing. A claim is told once in AGAIN_NS, and within it at most TOLD in all: the others are only
counted. At most MOST addresses and as many hardware addresses are kept, with OWN addresses each; those heard of longest
ago are forgotten. Of several processes that share a wire each knows what it sees.
Wrong where two machines hand one address to and fro (a failover without the virtual hardware address of RFC 9568).
A frame may be forged whole: then its row is about whoever it speaks for, and is a reason to look, never one to block.
Source: RFC 826 (the packet), RFC 5227 (probes).
"""

import hashlib
from ipaddress import IPv4Address
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.capture.source import Block
from redshank.core.schema import flow_batch

ARP = "arp"
"""What `proto` says of a claim; no IP is in it, and no model of flows knows it."""
SECOND_OWNER = "arp_second_owner"
UNTOLD = "arp_claims_untold"
"""How it is counted that there were more claims than are told."""

MEMORY_NS = 600 * 10**9
"""Devices ask for their gateway anew within minutes."""
AGAIN_NS = 30 * 10**9
MOST, OWN = 4_096, 8
TOLD = 256
"""A man in the middle of a whole /24 is told of; who invents devices fills no store with alerts."""

_ETHERNET, _ARP = 1, 0x0806
_HEAD = bytes([0, 1, 8, 0, 6, 4, 0])
"""Ethernet, IPv4, the sizes of both, and the first half of the operation."""
_LINK, _FROM_AT, _MAC_AT, _IP_AT, _SIZE = 14, 6, 8, 14, 28

Ints = npt.NDArray[np.int64]
K = TypeVar("K")
V = TypeVar("V")


class Claims:
    """What one wire's devices said of addresses.

    Attributes:
        untold: Claims that were not told for want of room.

    Example:
        >>> Claims().take(Block(np.zeros(0, np.uint8), *(np.zeros(0, np.int64) for _ in range(5)))) is None
        True
    """

    def __init__(self) -> None:
        self.untold = 0
        self._holders: dict[int, tuple[int, int, int]] = {}  # address -> hardware address, since, heard; oldest first
        self._own: dict[int, dict[int, int]] = {}  # hardware address -> address -> when; longest ago first
        self._told: dict[tuple[int, int], int] = {}

    def take(self, block: Block) -> pa.RecordBatch | None:
        """Hear what a block's frames claim, and return the rows that are to be told; None if there are none.

        Only Ethernet is read; what is cut or no ARP of IPv4 claims nothing.
        """
        rows = []
        for ts_ns, sender, mac, address in zip(*(column.tolist() for column in _claims(block)), strict=True):
            found = self._claim(ts_ns, mac, address)
            if found is not None and self._is_new(ts_ns, mac, address):
                rows.append(_row(ts_ns, sender, mac, address, *found))
        return flow_batch({name: [row[name] for row in rows] for name in rows[0]}, len(rows)) if rows else None

    def _is_new(self, ts_ns: int, mac: int, address: int) -> bool:
        """Note that a claim is to be told, unless it was lately, or too many were."""
        told_ns = self._told.get((mac, address))
        if told_ns is not None and _lately(told_ns, ts_ns):
            return False
        if len(self._told) >= TOLD:
            oldest = next(iter(self._told))
            if _lately(self._told[oldest], ts_ns):
                self.untold += 1
                return False
        _keep(self._told, (mac, address), ts_ns, TOLD)
        return True

    def _claim(self, ts_ns: int, mac: int, address: int) -> tuple[int, int] | None:
        """Note a claim; if it takes another's address, return one of the claimant's own, and who held it."""
        own = self._own.get(mac, {})
        _keep(own, address, ts_ns, OWN)
        _keep(self._own, mac, own, MOST)
        others = [one for one, last_ns in own.items() if one != address and ts_ns - last_ns <= MEMORY_NS]
        holder, since_ns, heard_ns = self._holders.get(address, (mac, ts_ns, ts_ns))
        new = not others and ts_ns - since_ns < AGAIN_NS
        if holder == mac or new or ts_ns - heard_ns > MEMORY_NS:
            _keep(self._holders, address, (mac, since_ns if holder == mac else ts_ns, ts_ns), MOST)
            return None
        held = [one for one in others if one in self._holders and self._holders[one][0] == mac]
        return ((held or others)[-1], holder) if others else None


def _lately(told_ns: int, ts_ns: int) -> bool:
    """Tell whether it is less than AGAIN_NS ago; a clock that was set back makes nothing recent."""
    return 0 <= ts_ns - told_ns < AGAIN_NS


def _keep(kept: dict[K, V], key: K, value: V, most: int) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]


def _claims(block: Block) -> tuple[Ints, Ints, Ints, Ints]:
    """Return of a block's ARP packets the times, where the frames came from, and what is claimed: hardware, address."""
    whole = (block.link_type == _ETHERNET) & (block.captured >= _LINK + _SIZE)
    at = block.offset[whole] + _LINK
    ts_ns = block.ts_ns[whole]
    sender_at = at - _LINK + _FROM_AT
    tagged = (_number(block.data, at - 2, 2) == 0x8100) & (block.captured[whole] >= _LINK + 4 + _SIZE)
    at = at + 4 * tagged
    arp = _number(block.data, at - 2, 2) == _ARP
    for place, value in enumerate(_HEAD):
        arp &= block.data[at + place] == value
    at, sender_at, ts_ns = at[arp], sender_at[arp], ts_ns[arp]
    address = _number(block.data, at + _IP_AT, 4)
    spoken = address != 0
    sender, mac = (_number(block.data, place[spoken], 6) for place in (sender_at, at + _MAC_AT))
    return ts_ns[spoken], sender, mac, address[spoken]


def _number(data: npt.NDArray[np.uint8], at: Ints, size: int) -> Ints:
    value = np.zeros(len(at), np.int64)
    for place in range(size):
        value = value << 8 | data[at + place]
    return value


def _row(ts_ns: int, sender: int, mac: int, address: int, own: int, holder: int) -> dict[str, object]:
    words = f"{_text(mac)} claims {IPv4Address(address)}, which {_text(holder)} holds"
    name = hashlib.sha256(f"{ts_ns} {mac} {address}".encode()).hexdigest()
    return {
        "ts": ts_ns,
        "uid": f"C{name[:17]}",
        "src_ip": str(IPv4Address(own)),
        "dst_ip": str(IPv4Address(address)),
        "proto": ARP,
        "src_pkts": 1,
        "dst_pkts": 0,
        "src_mac": _text(sender),
        "dst_mac": _text(holder),
        "weird_name": SECOND_OWNER,
        "weird_addl": words if sender == mac else f"{words}; {_text(sender)} says so",
        "part": "final",
        "part_reason": "closed",
    }


def _text(mac: int) -> str:
    return mac.to_bytes(6, "big").hex(":")
