"""Every packet source keeps the promises of `capture/source.py`."""

from pathlib import Path

import numpy as np
import pytest

from contracts.examples import example_of
from redshank.capture.source import PACKET_SOURCES, Block, PacketSource


@pytest.fixture(params=PACKET_SOURCES.names())
def source(request: pytest.FixtureRequest, tmp_path: Path) -> PacketSource:
    built = example_of("capture/sources", request.param)(tmp_path)
    assert isinstance(built, PacketSource)
    return built


def test_a_source_gives_some_frames(source: PacketSource) -> None:
    assert sum(len(block.offset) for block in source.blocks()) > 0


def test_a_block_is_bounded_and_its_arrays_agree(source: PacketSource) -> None:
    for block in source.blocks():
        assert isinstance(block, Block)
        columns = (block.offset, block.captured, block.length, block.ts_ns, block.link_type)
        assert {len(column) for column in columns} == {len(block.offset)}
        assert 0 < len(block.offset) <= 8192
        assert [column.dtype for column in columns] == [np.dtype(kind) for kind in ("i8", "i4", "i8", "i8", "i4")]


def test_every_frame_lies_inside_its_block(source: PacketSource) -> None:
    for block in source.blocks():
        assert block.data.dtype == np.uint8
        assert (block.offset >= 0).all()
        assert (block.captured >= 0).all()
        assert (block.offset + block.captured <= len(block.data)).all()


def test_anomalies_are_counts_by_name(source: PacketSource) -> None:
    assert list(source.blocks())
    assert all(isinstance(name, str) and count > 0 for name, count in source.anomalies.items())
