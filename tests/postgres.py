"""A PostgreSQL server of the test session's own: from Debian's package, in a temporary folder, on no port."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
PROGRAMS = next(
    (path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None
)


class Server:
    """A server that runs.

    Args:
        folder: Where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def place(self) -> str:
        """Return the URL of an empty place for tables: a schema of its own, which is quicker made than a database."""
        import psycopg

        self._made += 1
        with psycopg.connect(host=str(self._folder), user=USER, dbname=USER, autocommit=True) as sql:
            sql.execute(f"CREATE SCHEMA t{self._made}".encode())
        return f"postgresql://{USER}@/{USER}?host={self._folder}&options=-csearch_path%3Dt{self._made}"


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
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "timezone": "UTC"}
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [str(PROGRAMS / "postgres"), "-D", data, *flags], user=own, stdout=log, stderr=log, cwd=folder
        )
    try:
        ready = [str(PROGRAMS / "pg_isready"), "-q", "-h", str(folder), "-t", "1"]
        for _ in range(100):
            if subprocess.run(ready, check=False, timeout=10).returncode == 0:
                break
            server.poll()
            assert server.returncode is None, (folder / "log").read_text()
        yield Server(folder)
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing is kept
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
