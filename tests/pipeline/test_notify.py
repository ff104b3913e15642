import os
import socket
from pathlib import Path

from redshank.pipeline.notify import READY, WATCHDOG, Systemd


def _manager(path: str) -> socket.socket:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    manager.settimeout(60)
    return manager


def test_the_manager_is_told_line_by_line(tmp_path: Path) -> None:
    with _manager(str(tmp_path / "notify")) as manager:
        assert Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify")}).tell(READY, "STATUS=judging")
        assert manager.recv(100) == b"READY=1\nSTATUS=judging"


def test_an_abstract_socket_is_found_too() -> None:
    name = f"redshank-notify-test-{os.getpid()}"  # such names are the machine's, not a folder's
    with _manager(f"\0{name}") as manager:
        assert Systemd({"NOTIFY_SOCKET": f"@{name}"}).tell(WATCHDOG)
        assert manager.recv(100) == b"WATCHDOG=1"


def test_without_a_manager_nobody_is_told(tmp_path: Path) -> None:
    assert not Systemd({}).tell(READY)
    assert not Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell(READY)


def test_the_watchdog_is_fed_twice_as_often_as_it_is_looked_at() -> None:
    assert Systemd({"WATCHDOG_USEC": "30000000"}).watchdog_s == 15
    assert Systemd({"WATCHDOG_USEC": "soon"}).watchdog_s is None
    assert Systemd({}).watchdog_s is None
