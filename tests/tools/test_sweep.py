import sys
from pathlib import Path

import pytest
import sweep

from frames import UDP, ethernet, ipv4, pcap, udp


def _captures(place: Path) -> Path:
    folder = place / "captures"
    folder.mkdir()
    frame = ethernet(ipv4(udp(b"x" * 20, dst_port=9), UDP))
    (folder / "one.pcap").write_bytes(pcap([(0, frame)]))
    (folder / "text.pcap").write_text("no capture | at all")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def test_every_capture_is_one_line_judged_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sweep.py", str(_captures(tmp_path))])
    assert sweep.main() == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| captures/one.pcap", "| captures/text.pcap"]
    assert lines[0].split(" | ")[2] == "1"
    assert "refused: " in lines[1]


def test_a_file_that_takes_too_long_makes_the_sweep_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sweep.py", str(_captures(tmp_path) / "one.pcap")])
    monkeypatch.setattr(sweep, "LIMIT_S", 0)
    assert sweep.main() == 1
    assert "ended with -9" in capsys.readouterr().out
