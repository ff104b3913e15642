import gzip
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from frames import pcap, pcapng
from peers import until
from redshank.capture.sources.folder import Folder
from redshank.core.errors import ConfigError, SourceError
from wires import FAR, private_network, send

S = 1_000_000_000


def _some(*seconds: int) -> list[tuple[int, bytes]]:
    return [(second * S, bytes([second % 251]) * 30) for second in seconds]


def example(place: Path) -> Folder:
    """A folder of two captures, for the contract test."""
    (place / "b.pcap").write_bytes(pcap(_some(1, 2)))
    (place / "a.pcapng").write_bytes(pcapng(_some(3)))
    return Folder(place)


def _seconds(folder: Folder) -> list[int]:
    return [int(ts_ns) // S for block in folder.blocks() for ts_ns in block.ts_ns]


class Reader:
    """Reads a followed folder in a thread, and can wait until so many packets came."""

    def __init__(self, place: Path, idle_s: float | None = None) -> None:
        self.folder = Folder(place, follow=True, idle_s=idle_s)
        self.seconds: list[int] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for block in self.folder.blocks():
            self.seconds += [int(ts_ns) // S for ts_ns in block.ts_ns]

    def wait(self, packets: int) -> None:
        give_up = time.monotonic() + 60
        while len(self.seconds) < packets and time.monotonic() < give_up:
            time.sleep(0.01)
        assert len(self.seconds) == packets

    def end(self) -> list[int]:
        self.folder.stop()
        return self.ended()

    def ended(self) -> list[int]:
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.seconds


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Callable[[], Reader]]:
    readers: list[Reader] = []

    def start() -> Reader:
        readers.append(Reader(tmp_path))
        return readers[-1]

    yield start
    for one in readers:
        one.end()


def test_captures_come_in_the_order_of_their_first_packets_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap(_some(30, 31)))
    (tmp_path / "b.pcapng").write_bytes(pcapng(_some(10, 40)))
    (tmp_path / "c.pcap.gz").write_bytes(gzip.compress(pcap(_some(20))))
    folder = Folder(tmp_path)
    assert _seconds(folder) == _seconds(folder) == [10, 40, 20, 30, 31]
    assert folder.anomalies == {}


def test_other_files_are_counted_and_folders_are_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a marsh")
    (tmp_path / "empty").touch()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.pcap").write_bytes(pcap(_some(1)))
    (tmp_path / "cut.pcap").write_bytes(pcap(_some(5, 6))[:-1])
    os.mkfifo(tmp_path / "pipe")
    folder = Folder(tmp_path)
    assert _seconds(folder) == [5]
    assert folder.anomalies == {"not_a_capture": 1, "pcap_truncated": 1}


@pytest.mark.root
def test_a_capture_that_we_may_not_read_is_counted() -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "a.pcap").write_bytes(pcap(_some(1)))
        (place / "b.pcap").write_bytes(pcap(_some(2)))
        (place / "b.pcap").chmod(0)
        assert _seconds(Folder(place)) == [1, 2]
        os.seteuid(65534)
        try:
            folder = Folder(place)
            assert _seconds(folder) == [1]
        finally:
            os.seteuid(0)
    assert folder.anomalies == {"capture_unreadable": 1}


def test_a_folder_without_captures_is_refused_unless_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a marsh")
    with pytest.raises(SourceError, match=r"holds no capture with a packet in it \(1 other files\); name one"):
        Folder(tmp_path)
    assert _seconds(Folder(tmp_path, follow=True, idle_s=0)) == []


def test_a_folder_that_is_not_there_or_is_a_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"there is no folder '{tmp_path}/none'"):
        Folder(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=f"'{tmp_path}/file' is no folder; name it as a file"):
        Folder(tmp_path / "file")


@pytest.mark.parametrize("form", [pcap, pcapng])
def test_a_capture_is_read_as_it_grows_and_the_next_when_it_begins(
    tmp_path: Path, reader: Callable[[], Reader], form: Callable[[list[tuple[int, bytes]]], bytes]
) -> None:
    content = form(_some(1, 2, 3))
    with (tmp_path / "one").open("wb", buffering=0) as growing:
        growing.write(content[:10])
        following = reader()
        growing.write(content[10:-40])
        following.wait(2)
        growing.write(content[-40:-1])  # a record that is cut is not yet there
        time.sleep(0.15)
        following.wait(2)
        growing.write(content[-1:])
        following.wait(3)
    (tmp_path / "two").write_bytes(form(_some(7)))
    following.wait(4)
    (tmp_path / "three").write_bytes(form(_some(8, 9))[:-1])
    following.wait(5)
    assert following.end() == [1, 2, 3, 7, 8]
    assert following.folder.anomalies == {}


def test_a_capture_that_was_left_behind_cut_is_damaged(tmp_path: Path, reader: Callable[[], Reader]) -> None:
    (tmp_path / "one").write_bytes(pcap(_some(1, 2))[:-1])
    following = reader()
    following.wait(1)
    (tmp_path / "two").write_bytes(pcap(_some(3)))
    following.wait(2)
    assert following.end() == [1, 3]
    assert following.folder.anomalies == {"pcap_truncated": 1}


def test_what_is_written_to_a_capture_after_a_younger_began_is_counted_once(
    tmp_path: Path, reader: Callable[[], Reader]
) -> None:
    (tmp_path / "one").write_bytes(pcap(_some(1)))
    (tmp_path / "two").write_bytes(pcap(_some(2)))
    following = reader()
    following.wait(2)
    (tmp_path / "one").write_bytes(pcap(_some(1, 4)))
    until(lambda: following.folder.anomalies)
    (tmp_path / "one").write_bytes(pcap(_some(1, 4, 5)))
    (tmp_path / "three").write_bytes(pcap(_some(3)))
    following.wait(3)  # the folder was looked at again
    assert following.end() == [1, 2, 3]
    assert following.folder.anomalies == {"capture_grew_late": 1}


def test_a_name_that_is_used_again_is_read_again_and_what_was_packed_is_not(
    tmp_path: Path, reader: Callable[[], Reader]
) -> None:
    (tmp_path / "0").write_bytes(pcap(_some(1)))
    (tmp_path / "1").write_bytes(pcap(_some(2)))
    following = reader()
    following.wait(2)
    (tmp_path / "0.gz").write_bytes(gzip.compress(pcap(_some(1))))
    (tmp_path / "0").unlink()
    time.sleep(0.15)
    (tmp_path / "1").write_bytes(pcap(_some(3)))
    (tmp_path / "2").write_bytes(pcap(_some(4)))
    following.wait(4)
    (tmp_path / "1").write_bytes(pcap(_some(5, 6)))
    following.wait(6)
    assert following.end() == [1, 2, 3, 4, 5, 6]


def test_following_ends_when_nothing_came_for_as_long_as_was_said(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(pcap(_some(1))[:-1] + b"\0")
    begin = time.monotonic()
    following = Reader(tmp_path, idle_s=0.3)
    assert following.ended() == [1]
    assert 0.3 <= time.monotonic() - begin < 60


@pytest.mark.root
@pytest.mark.service
def test_what_tcpdump_rotates_is_read_along_without_loss(tmp_path: Path, reader: Callable[[], Reader]) -> None:
    argv = ["tcpdump", "-i", FAR, "-C", "1", "-U", "-Z", "root", "-w", str(tmp_path / "wire")]
    with private_network():
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "listening on" in line:
                    break
            following = reader()
            for _ in range(40):
                send([bytes(12) + b"\x08\x00" + bytes(986)] * 100)
                time.sleep(0.005)
            following.wait(4000)
        finally:
            process.terminate()
            said = process.communicate(timeout=60)[1]
    assert "\n0 packets dropped by kernel" in said
    following.end()
    assert len(list(tmp_path.iterdir())) >= 4
    assert following.folder.anomalies == {}
