from collections.abc import Iterator

import pytest

from frames import block
from redshank.capture.source import PACKET_SOURCES, Block, PacketSource
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
