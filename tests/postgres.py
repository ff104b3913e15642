"""A PostgreSQL server of the test session's own: from Debian's package, in a temporary folder, on no port."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
PROGRAMS = next(
    (path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None
)


class Server:
    """A server; a test may stop and start it.

    Args:
        folder: Where its socket is, and its files.
        own: As whom it runs, if not as we do.
    """

    def __init__(self, folder: Path, own: str | None) -> None:
        self._folder, self._own = folder, own
        self._made = 0

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
            "timezone": "UTC",
        }
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        assert PROGRAMS is not None
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                [str(PROGRAMS / "postgres"), "-D", str(self._folder / "data"), *flags],
                user=self._own,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        ready = [str(PROGRAMS / "pg_isready"), "-q", "-h", str(self._folder), "-t", "1"]
        give_up = time.monotonic() + 60
        while subprocess.run(ready, check=False, timeout=60).returncode != 0:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < give_up, "no server after a minute"

    def stop(self) -> None:
        """Stop it at once; whoever is connected is cut off."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=30)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it take what it is asked and answer nothing, nor who connects, while the block runs."""
        own = self._process.pid
        processes = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
        whole = [own, *(int(path.name) for path in processes if _parent(path) == own)]
        for pid in whole:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in whole:
                os.kill(pid, signal.SIGCONT)

    def place(self) -> str:
        """Return the URL of an empty place for tables: a schema of its own, which is quicker made than a database."""
        import psycopg

        self._made += 1
        with psycopg.connect(host=str(self._folder), user=USER, dbname=USER, autocommit=True) as sql:
            sql.execute(f"CREATE SCHEMA t{self._made}".encode())
        return f"postgresql://{USER}@/{USER}?host={self._folder}&options=-csearch_path%3Dt{self._made}"


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return 0


@contextmanager
def running() -> Iterator[Server]:
    """Start a server as another user than root, which it refuses to be, and stop it at the end."""
    assert PROGRAMS is not None
    own = USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if own:
        shutil.chown(folder, own)
    data = str(folder / "data")
    made = [str(PROGRAMS / "initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(made, user=own, check=True, capture_output=True, timeout=60, cwd=folder)
    server = Server(folder, own)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
