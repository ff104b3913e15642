from collections.abc import Iterator

import numpy as np
import pytest

from frames import block
from redshank.capture.source import PACKET_SOURCES, Block, PacketSource, index_room
from redshank.core.errors import ConfigError


class _Canned(PacketSource):
    def __init__(self, *given: Block) -> None:
        self.given = given
        self.anomalies = {}

    def blocks(self) -> Iterator[Block]:
        yield from self.given


def test_a_source_gives_blocks_in_order() -> None:
    first, second = block([b"a"]), block([b"b", b"c"])
    assert [len(given.offset) for given in _Canned(first, second).blocks()] == [1, 2]


def test_a_source_without_blocks_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="blocks"):
        PacketSource()  # type: ignore[abstract]


def test_sources_are_found_by_the_name_of_their_file() -> None:
    assert "pcap" in PACKET_SOURCES.names()
    assert issubclass(PACKET_SOURCES.find("pcap"), PacketSource)


def test_a_wrong_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(ConfigError, match="packet source: no 'pcapp'; did you mean 'pcap'"):
        PACKET_SOURCES.find("pcapp")


def test_the_room_for_an_index_is_what_a_block_takes() -> None:
    given = Block(np.zeros(0, np.uint8), *index_room(3))
    arrays = (given.offset, given.captured, given.length, given.ts_ns, given.link_type, given.vlan)
    assert [(one.dtype.str, one.shape) for one in arrays if one is not None] == [
        (kind, (3,)) for kind in ("<i8", "<i4", "<i8", "<i8", "<i4", "<i4")
    ]
