import gzip
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from frames import arp, ethernet, ipv4, ipv6, pcap, pcapng, pcapng_block, section, tcp, udp
from redshank.capture.source import Block
from redshank.capture.sources.pcap import MAX_FRAMES, Pcap
from redshank.core.errors import ConfigError, SourceError

FRAMES = [
    (1_700_000_000_000_000_000, ethernet(ipv4(tcp(flags="S")))),
    (1_700_000_000_000_500_000, ethernet(ipv6(udp(b"marsh"), 17))),
    (1_700_000_003_000_000_000, ethernet(arp(), 0x0806)),
]
FORMATS = [
    pcap(FRAMES),
    pcap(FRAMES, big_endian=True, nanoseconds=True),
    pcapng(FRAMES),
    pcapng(FRAMES, big_endian=True),
]


def example(place: Path) -> Pcap:
    """A capture of three frames, for the contract test."""
    path = place / "three.pcap"
    path.write_bytes(pcap(FRAMES))
    return Pcap(path)


def _frames(blocks: Iterable[Block]) -> list[tuple[int, bytes]]:
    return [
        (int(ts_ns), given.data[offset : offset + captured].tobytes())
        for given in blocks
        for offset, captured, ts_ns in zip(given.offset, given.captured, given.ts_ns, strict=True)
    ]


def _read(path: Path, content: bytes) -> tuple[list[tuple[int, bytes]], dict[str, int]]:
    path.write_bytes(content)
    source = Pcap(path)
    return _frames(source.blocks()), source.anomalies


@pytest.mark.parametrize("content", FORMATS)
def test_every_format_gives_the_same_frames_plain_and_gzip(tmp_path: Path, content: bytes) -> None:
    assert _read(tmp_path / "plain", content) == (FRAMES, {})
    assert _read(tmp_path / "packed", gzip.compress(content, mtime=0)) == (FRAMES, {})


@pytest.mark.parametrize("content", FORMATS)
def test_a_file_cut_anywhere_gives_a_prefix_and_at_most_one_anomaly(tmp_path: Path, content: bytes) -> None:
    whole = 0
    for size in range(4, len(content)):
        frames, anomalies = _read(tmp_path / "cut", content[:size])
        assert frames == FRAMES[: len(frames)]
        assert len(frames) >= whole
        assert list(anomalies.values()) in ([], [1])
        assert set(anomalies) <= {"pcap_truncated", "pcapng_truncated"}
        whole = len(frames)
    assert whole == 2


def test_a_gzip_file_cut_anywhere_gives_a_prefix_and_one_anomaly(tmp_path: Path) -> None:
    # Frames that do not compress, so that every cut leaves some of them.
    chance = random.Random(3)
    given = [(index * 1000, chance.randbytes(60)) for index in range(5)]
    packed = gzip.compress(pcap(given))
    seen = set()
    for size in range(60, len(packed)):
        frames, anomalies = _read(tmp_path / "cut.gz", packed[:size])
        assert frames == given[: len(frames)]
        assert anomalies == {"gzip_truncated": 1}
        seen.add(len(frames))
    assert seen == {0, 1, 2, 3, 4, 5}


@settings(max_examples=examples(100), deadline=None)
@given(
    st.sampled_from(FORMATS + [gzip.compress(content, mtime=0) for content in FORMATS]),
    st.lists(st.tuples(st.integers(4, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_changed_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, changes: list[tuple[int, int]]
) -> None:
    changed = bytearray(content)
    for at, value in changes:
        changed[at % (len(changed) - 4) + 4] = value
    path = tmp_path_factory.getbasetemp() / "changed"
    try:
        frames, anomalies = _read(path, bytes(changed))
    except SourceError as error:
        frames, anomalies = [], {str(error): 1}
    packed = content.startswith(b"\x1f\x8b")  # a changed length in there may repeat a frame
    assert packed or len(frames) <= len(FRAMES)
    assert list(anomalies.values()) in ([], [1])


def test_a_large_file_comes_in_bounded_blocks(tmp_path: Path) -> None:
    given = [(index * 1000, bytes([index % 251]) * (index % 1500 + 1)) for index in range(20_000)]
    path = tmp_path / "large.pcap"
    path.write_bytes(pcap(given))
    sizes = []
    source = Pcap(path)
    found: list[tuple[int, bytes]] = []
    for block in source.blocks():
        sizes.append(len(block.offset))
        assert block.data.nbytes <= 1024 * 1024
        found += _frames([block])
    assert max(sizes) <= MAX_FRAMES
    assert found == given
    assert source.anomalies == {}


def test_all_blocks_of_a_file_lie_in_one_place(tmp_path: Path) -> None:
    given = [(index, bytes([index % 251]) * 900) for index in range(12_000)]
    path = tmp_path / "large.pcap"
    path.write_bytes(pcap(given, nanoseconds=True))
    assert len({(block.data.ctypes.data, block.offset.ctypes.data) for block in Pcap(path).blocks()}) == 1


def test_small_frames_fill_whole_blocks(tmp_path: Path) -> None:
    path = tmp_path / "small.pcap"
    path.write_bytes(pcap([(index, b"marsh") for index in range(60_000)]))
    sizes = [len(block.offset) for block in Pcap(path).blocks()]
    assert sizes == [MAX_FRAMES] * 7 + [60_000 - 7 * MAX_FRAMES]


def test_a_large_block_that_holds_no_frame_is_stepped_over(tmp_path: Path) -> None:
    content = section() + pcapng_block(0xBAD, bytes(9_000_000)) + pcapng(FRAMES)
    assert _read(tmp_path / "large.pcapng", content) == (FRAMES, {})


def test_a_file_may_be_read_twice(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(FRAMES)[:-1])
    source = Pcap(path)
    assert _frames(source.blocks()) == _frames(source.blocks()) == FRAMES[:2]
    assert source.anomalies == {"pcap_truncated": 1}


def test_a_named_pipe_is_read_as_it_fills(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = gzip.compress(pcap(FRAMES))

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for at in range(0, len(content), 7):
                pipe.write(content[at : at + 7])

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    assert _frames(Pcap(path).blocks()) == FRAMES  # opened once only: the writer would not come back
    writer.join()


def test_a_capture_without_frames_is_no_fault(tmp_path: Path) -> None:
    assert _read(tmp_path / "none.pcap", pcap([])) == ([], {})
    assert _read(tmp_path / "none.pcapng", section()) == ([], {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; a capture has at least a file header of 24 bytes"),
        (b"a,b,c\n1,2,3\n", "starts with b'a,b,c\\n1,', so it is no capture; pcap and pcapng are read"),
        (b"\xd4\xc3\xb2", "starts with b'\\xd4\\xc3\\xb2', so it is no capture"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not the capture itself; run `git lfs"),
        (b"snoop\0\0\0\0\0\0\2", "is a snoop capture; convert it with `editcap"),
        (b"\x28\xb5\x2f\xfd1234", "is compressed with zstd; decompress it with `zstd -d`"),
        (gzip.compress(b"plain text", mtime=0), "gzip content starts with b'plain te', so it is no capture"),
        (gzip.compress(b"", mtime=0), "gzip content is empty"),
        (b"\x1f\x8b", "gzip content is empty"),
        (pcap([])[:4] + b"\x01" + pcap([])[5:], "has pcap version 1.4; only 2.x exists"),
        (section()[:12] + b"\x07" + section()[13:], "has pcapng version 7.0; only 1.x exists"),
        (section()[:8] + b"abcd" + section()[12:], "has byte-order magic 61626364, so it is no pcapng file"),
    ],
)
def test_what_is_no_capture_is_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        Pcap(path)
    assert str(caught.value).startswith(f"capture {str(path)!r}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file '.*gone\.pcap'; name a pcap or pcapng file") as caught:
        Pcap(tmp_path / "gone.pcap")
    assert caught.value.exit_code == 2


def test_a_file_that_goes_away_is_said_when_it_is_read(tmp_path: Path) -> None:
    source = example(tmp_path)
    source.path.unlink()
    with pytest.raises(ConfigError, match=r"there is no file '.*three\.pcap'"):
        next(source.blocks())


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder; name one capture file in it"):
        Pcap(tmp_path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.pcap"
    loop.symlink_to(loop)  # fails for everybody, root included
    with pytest.raises(SourceError, match="cannot be read .*; name a file that you may read"):
        Pcap(loop)


FUZZ = """
import random, sys
from pathlib import Path
from capture.sources.test_pcap import FORMATS, _read
from redshank.core.errors import SourceError

chance = random.Random(11)
path = Path(sys.argv[1]) / "fuzzed"
read = 0
for _ in range(1500):
    content = bytearray(chance.choice(FORMATS))
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(4, len(content))] = chance.choice((0, 1, 4, 12, 255, chance.randrange(256)))
    try:
        _, anomalies = _read(path, bytes(content[: chance.randrange(4, len(content) + 1)]))
        assert len(anomalies) <= 1
        read += 1
    except SourceError:
        pass
print("survived" if read > 700 else read)
"""


def test_no_byte_outside_a_chunk_is_ever_read(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-c", FUZZ, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.stdout.strip() == "survived", done.stderr[-2000:]


# Where our number of frames is not the one in the README (Wireshark's), and why.
OTHERWISE = {
    "pcapng-le-test017.pcapng": 0,  # its four records are custom blocks
    "pcapng-le-test102.pcapng": 5,  # three of its eight records are custom and statistics blocks
    "suricata-verify__bug-6875-01-fuzz.pcap": 1,  # the second record claims 1.4 GB
}


@pytest.mark.data
def test_the_number_of_frames_is_what_wireshark_reads(data: Path) -> None:
    stated = {}
    for line in (data / "pcaps" / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) > 7 and cells[4].isdigit():
            stated[cells[0]] = int(cells[4])
    compared = 0
    for folder in ("benign-iot", "attacks", "odd", "malformed"):
        for path in sorted((data / "pcaps" / folder).iterdir()):
            if path.name in stated and path.suffix not in {".snoop", ".zst"}:
                frames = sum(len(block.offset) for block in Pcap(path).blocks())
                assert frames == OTHERWISE.get(path.name, stated[path.name]), path.name
                compared += 1
    assert compared > 250


def test_frames_say_what_they_had_on_the_wire(tmp_path: Path) -> None:
    path = tmp_path / "snapped.pcap"
    path.write_bytes(pcap(FRAMES, snap_length=20))
    block = next(Pcap(path).blocks())
    assert block.captured.tolist() == [20, 20, 20]
    assert block.length.tolist() == [len(frame) for _, frame in FRAMES]
    assert {array.dtype for array in (block.offset, block.length, block.ts_ns)} == {np.dtype("i8")}
    assert {array.dtype for array in (block.captured, block.link_type)} == {np.dtype("i4")}


def _piped(content: bytes, code: str, *, pieces: int = 1) -> subprocess.CompletedProcess[str]:
    program = (
        f"from pathlib import Path; from redshank.capture.sources.pcap import Pcap; source = Pcap(Path('-')); {code}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    step = -(-len(content) // pieces)
    for at in range(0, len(content), step):
        process.stdin.write(content[at : at + step])
        process.stdin.flush()
    out, said = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, out.decode(), said.decode())


@pytest.mark.parametrize("content", [FORMATS[0], gzip.compress(FORMATS[2], mtime=0)])
def test_standard_input_is_read_as_a_file_and_only_once(content: bytes) -> None:
    code = "print(sum(len(b.offset) for b in source.blocks()), source.anomalies, flush=True); next(source.blocks())"
    done = _piped(content, code, pieces=5)
    assert done.stdout.strip() == "3 {}"
    assert "SourceError: capture of standard input: was read before" in done.stderr


def test_what_is_no_capture_on_standard_input_is_refused() -> None:
    done = _piped(b"GET / HTTP/1.1\r\n\r\n", "next(source.blocks())")
    assert "SourceError: capture of standard input: starts with b'GET / HT', so it is no capture" in done.stderr


def test_a_terminal_is_no_capture() -> None:
    _, terminal = os.openpty()
    code = "from pathlib import Path; from redshank.capture.sources.pcap import Pcap; next(Pcap(Path('-')).blocks())"
    done = subprocess.run([sys.executable, "-c", code], stdin=terminal, capture_output=True, timeout=60, check=False)
    assert b"SourceError: capture of standard input: is a terminal; pipe a capture into it" in done.stderr
