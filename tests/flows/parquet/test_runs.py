import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.parquet.runs import (
    CODED,
    HEADER_BYTES,
    RLE,
    SLACK,
    header,
    number,
    number_size,
    packed,
    packed_size,
    repeated,
    repeated_size,
)
from redshank.flows.parquet.thrift import I32, STRUCT, struct
from redshank.flows.parquet.thrift import number as thrift_number


def unpacked(content: bytes, width: int, count: int) -> list[int]:
    """What a section of one run stands for, read as the format says, bit by bit."""
    head = place = shift = 0
    while True:
        head |= (content[place] & 127) << shift
        place, shift = place + 1, shift + 7
        if content[place - 1] < 128:
            break
    if head & 1:
        assert len(content) == place + (head >> 1) * width
        value = int.from_bytes(content[place:], "little")
        return [value >> (k * width) & ((1 << width) - 1) for k in range(count)]
    assert len(content) == place + (width + 7) // 8
    return [int.from_bytes(content[place:], "little")] * (head >> 1)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(1, 15), st.integers(1, 200), st.integers(0, 2**32))
def test_values_side_by_side_read_back(width: int, count: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 1 << width, count + 8).astype(np.uint16)
    wanted, out = values[:count].tolist(), np.full(2 * count + 64, 255, np.uint8)
    end = packed(out, 3, width, values, count)
    assert end - 3 == packed_size(width, count)
    assert unpacked(out[3:end].tobytes(), width, count) == wanted
    assert (out[end + SLACK :] == 255).all()


@pytest.mark.parametrize(("width", "count", "value"), [(1, 1, 1), (8, 63, 200), (9, 64, 300), (15, 5_000, 32_767)])
def test_one_value_repeated_reads_back(width: int, count: int, value: int) -> None:
    out = np.zeros(16, np.uint8)
    end = repeated(out, 0, width, count, value)
    assert end == repeated_size(width, count)
    assert unpacked(out[:end].tobytes(), width, count) == [value] * count


@pytest.mark.parametrize(("value", "content"), [(0, "00"), (127, "7f"), (128, "8001"), (2**31 - 1, "ffffffff07")])
def test_a_number_takes_seven_bits_to_a_byte(value: int, content: str) -> None:
    out = np.zeros(8, np.uint8)
    end = number(out, 0, value)
    assert (out[:end].tobytes().hex(), end) == (content, number_size(value))


@pytest.mark.parametrize(("size", "levels"), [(1, 1), (70_000, 4_096), (2**31 - 1, 2**31 - 1)])
def test_the_header_of_a_page_is_a_struct_of_thrift(size: int, levels: int) -> None:
    out = np.zeros(HEADER_BYTES, np.uint8)
    end = header(out, 0, size, levels, CODED)
    about = [(place, I32, thrift_number(value)) for place, value in enumerate((levels, CODED, RLE, RLE), 1)]
    fields = [(1, I32, thrift_number(0)), (2, I32, thrift_number(size)), (3, I32, thrift_number(size))]
    assert out[:end].tobytes() == struct([*fields, (5, STRUCT, struct(about))])
