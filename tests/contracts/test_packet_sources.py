"""Every packet source keeps the promises of `capture/source.py`.

The mirrored test of a source that needs root says `NEEDS_ROOT = True`; its example is a wire that ends by itself.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from contracts.examples import example_of
from redshank.capture.source import PACKET_SOURCES, Block, PacketSource


def _sources() -> Iterator[object]:
    for name in PACKET_SOURCES.names():
        example = example_of("capture/sources", name)
        root = example.__globals__.get("NEEDS_ROOT", False)
        yield pytest.param(example, id=name, marks=[pytest.mark.root] if root else [])


@pytest.fixture(params=_sources())
def source(request: pytest.FixtureRequest, tmp_path: Path) -> PacketSource:
    built = request.param(tmp_path)
    assert isinstance(built, PacketSource)
    return built


def test_a_source_gives_some_frames(source: PacketSource) -> None:
    assert sum(len(block.offset) for block in source.blocks()) > 0


def test_a_block_is_bounded_and_its_arrays_agree(source: PacketSource) -> None:
    for block in source.blocks():
        assert isinstance(block, Block)
        columns = (block.offset, block.captured, block.length, block.ts_ns, block.link_type)
        assert {len(column) for column in columns} == {len(block.offset)}
        assert len(block.offset) <= 8192
        assert len(block.offset) > 0 or block.clock_ns is not None, "a block without frames says until when"
        if block.vlan is not None:
            assert (len(block.vlan), block.vlan.dtype) == (len(block.offset), np.dtype("i4"))
        assert [column.dtype for column in columns] == [np.dtype(kind) for kind in ("i8", "i4", "i8", "i8", "i4")]


def test_every_frame_lies_inside_its_block(source: PacketSource) -> None:
    for block in source.blocks():
        assert block.data.dtype == np.uint8
        assert (block.offset >= 0).all()
        assert (block.captured >= 0).all()
        assert (block.offset + block.captured <= len(block.data)).all()


def test_the_clock_never_runs_ahead_of_frames_that_come(source: PacketSource) -> None:
    clock_ns = 0
    for block in source.blocks():
        if len(block.offset):
            assert int(block.ts_ns.min()) >= clock_ns
        if block.clock_ns is not None and not len(block.offset):
            assert block.clock_ns >= clock_ns
            clock_ns = block.clock_ns


def test_a_source_that_was_asked_to_stop_ends(source: PacketSource) -> None:
    source.stop()
    assert source.stopping
    assert sum(len(block.offset) for block in source.blocks()) < 100_000


def test_anomalies_are_counts_by_name(source: PacketSource) -> None:
    assert list(source.blocks())
    assert all(isinstance(name, str) and count > 0 for name, count in source.anomalies.items())
