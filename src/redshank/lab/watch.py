"""Let the service watch a lab while it lives, as a program of its own.

In: a lab's stage, and what the settings of a site would say. Out: what the service heard of: every alert with the
time at which it was written down, every flow with its verdict. The one idea: nothing is handed to the service but
packets, and nothing is read but what it writes for everybody and tells systemd, so what is measured here is what a
site would have.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from redshank.core.errors import ActionError
from redshank.core.records import Alert
from redshank.lab.network import GATEWAY, LAN_LINK, Network
from redshank.store.alerts import Alerts
from redshank.store.database import Database

PROGRAM = "from redshank.commands import main; import sys; sys.argv[0] = 'redshank'; main()"
START_S, END_S = 60.0, 60.0
POLL_S = 0.05
READY = b"READY=1"  # sd_notify(3)
DATAGRAM_BYTES = 4_096
STORE, FLOWS, SETTINGS, WORDS = "redshank.db", "flows", "redshank.toml", "service.log"


@dataclass(frozen=True)
class Post:
    """Where a service stands in a lab, and what it is told.

    Args:
        folder: For its settings, store, flows and log; nobody else's.
        place: Name of the namespace: the gateway's, as at a site.
        interface: What it captures on there: the bridge that all devices of the lab are on, as on a home's router.
        detectors: Which judge; those of a service that says nothing if empty.
        more: Further tables of its settings, as TOML.
        through: What starts it, if not we ourselves: `setpriv` with its options, for fewer rights.
    """

    folder: Path
    place: str = GATEWAY
    interface: str = LAN_LINK
    detectors: tuple[str, ...] = ()
    more: str = ""
    through: tuple[str, ...] = ()

    def settings(self, source: str = "") -> Path:
        """Write the settings and return their path.

        Args:
            source: Another source than the interface, as TOML.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        sections = (
            f"[[sources]]\n{source or f'interfaces = [{self.interface!r}]'}",
            f"[detect]\ndetectors = {list(self.detectors)}" if self.detectors else "",
            f"[service]\nstate = {str(self.folder)!r}\nmetrics = ''\ndrain_s = 10",
            f"[archive]\nfolder = {str(self.folder / FLOWS)!r}",
            self.more,
        )
        path = self.folder / SETTINGS
        path.write_text("\n".join(sections) + "\n", encoding="utf-8")
        return path


@dataclass(frozen=True)
class Heard:
    """A revision of an alert, and when the service had written it down, s since the epoch."""

    at_s: float
    alert: Alert


@dataclass
class Watch:
    """A service that watches a lab; use it as a context. It captures when the block begins.

    Args:
        network: The lab's.
        post: Where it stands.
    """

    network: Network
    post: Post
    heard: list[Heard] = field(default_factory=list)
    """Every revision, in the order in which it was written down; complete when the block is over."""

    def __enter__(self) -> Self:
        """Start the service and wait until it captures.

        Raises:
            ActionError: If it does not; its own words are in the message.
        """
        path = self.post.settings()
        argv = [*self.post.through, sys.executable, "-c", PROGRAM, "run", "-c", str(path)]
        self._ending = threading.Event()
        with (
            TemporaryDirectory(prefix="redshank-watch-") as place,  # short: a socket's path has 107 bytes at most
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told,
        ):
            told.bind(f"{place}/notify")
            told.settimeout(POLL_S)
            environment = {**_plain(), "NOTIFY_SOCKET": f"{place}/notify"}
            with (self.post.folder / WORDS).open("wb") as log:
                self._process = self.network.start(self.post.place, argv, stdout=log, stderr=log, env=environment)
            give_up = time.monotonic() + START_S
            while not _ready(told):
                if self._process.poll() is not None or time.monotonic() > give_up:
                    self._process.kill()
                    raise ActionError(
                        f"lab: the service does not capture on {self.post.interface}; it said: {self._said()}"
                    )
        self._following = threading.Thread(target=self._follow, daemon=True)
        self._following.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Ask the service to end, and read what it still told.

        Raises:
            ActionError: If it ends badly.
        """
        code = self.end()
        self._ending.set()
        self._following.join()
        if code and kind is None:
            raise ActionError(f"lab: the service ended with code {code}; it said: {self._said()}")

    @property
    def pid(self) -> int:
        """The service's process."""
        return self._process.pid

    def end(self) -> int:
        """Ask the service to end, wait for it, and return its exit code; 0 if it was killed on purpose."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait() or 1
        return 0 if code == -signal.SIGKILL else code

    def kill(self) -> None:
        """End the service as a crash would."""
        self._process.kill()
        self._process.wait()

    def _said(self) -> str:
        words = (self.post.folder / WORDS).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "; ".join(words[-3:]) or "nothing"

    def _follow(self) -> None:
        with closing(Database(self.post.folder / STORE, only_read=True)) as database:
            alerts, arrival, last = Alerts(database), 0, False
            while not last:
                last = self._ending.wait(POLL_S)
                for filed in alerts.since(arrival):
                    arrival = filed.arrival
                    self.heard.append(Heard(filed.recorded_at_s, filed.alert))


def _ready(told: socket.socket) -> bool:
    """Tell whether the service says that it is ready, as it does to systemd: its source is open then."""
    with suppress(TimeoutError):
        return READY in told.recv(DATAGRAM_BYTES).splitlines()
    return False


def heard_of(folder: Path) -> list[Heard]:
    """Return the last revision of every alert in a service's store, in the order in which they were written down."""
    with closing(Database(folder / STORE, only_read=True)) as database:
        return [Heard(filed.recorded_at_s, filed.alert) for filed in Alerts(database).since(0, 1_000_000)]


def judged(folder: Path) -> pa.Table:
    """Return every row that a service kept in its folder: FLOW, and what VERDICT adds."""
    return pa.concat_tables(pq.read_table(path) for path in sorted((folder / FLOWS).glob("*.parquet")))


def judge_captures(post: Post, captures: Path) -> None:
    """Let a service read a folder of captures from first to last packet; the times are the packets' own.

    Raises:
        ActionError: If it ends badly; its own words are in the message.
    """
    path = post.settings(f"captures = {str(captures)!r}\nfollow = false")
    argv = [sys.executable, "-c", PROGRAM, "run", "-c", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_plain())  # noqa: S603  our own
    if done.returncode:
        raise ActionError(f"lab: the service ended with code {done.returncode}; it said: {done.stderr.strip()[-300:]}")


def _plain() -> dict[str, str]:
    """Return our environment without settings of a service: those of the file count."""
    return {name: value for name, value in os.environ.items() if "__" not in name or not name.startswith("REDSHANK_")}
