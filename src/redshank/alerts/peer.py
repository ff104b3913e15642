"""What sinks that speak to another machine have in common: settings that are checked, secrets, time that ends.

In: a sink's settings. Out: a socket, with TLS if wanted, on which everything is over when the time is over. The one
idea: a link is made for each alert and ended after it. So there is none that broke while nobody looked, whatever comes
back on it answers this alert, and a restart of either side needs no care.

A timeout of sockets starts anew with every byte, and a peer may send one at a time; so a timer shuts the link. Names
are looked up by the system, in its own time (resolv.conf(5)), and each of a name's addresses is tried for the whole
time. Secrets are read from their place whenever they are needed, so a new one counts at once and none is kept.
"""

import ipaddress
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from redshank.core.errors import ConfigError
from redshank.core.inert import inert

LONGEST_S = 60.0
SECRET_CHARACTERS = 4_096
_NAME = re.compile(r"[0-9A-Za-z_.-]{1,253}")


def refuse(sink: str, problems: Iterable[str]) -> None:
    """Raise a ConfigError if there are problems, each with the sink's name in front."""
    found = [f"{sink}.{problem}" for problem in problems]
    if found:
        raise ConfigError(found)


def host_problems(host: str, port: int) -> list[str]:
    """Check where a peer is."""
    found = []
    if not (_is_address(host) if ":" in host else _NAME.fullmatch(host)):
        found.append(f"host: {host[:80]!r} is no name or address; give one as in 'logs.example.net' or '192.0.2.7'")
    if not 1 <= port <= 65_535:
        found.append(f"port: {port} is none; allowed are 1 to 65535")
    return found


def family_problem(host: str) -> str:
    """Say why this machine can reach no address of this kind; "" if it may, and of a name."""
    if ":" not in host:
        return ""
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError as error:
        return f"host: '{host}' is of IPv6, which this machine does not speak ({reason(error)}); give one of IPv4"
    return ""


def unreached(host: str, port: int, timeout_s: float, *, datagrams: bool = False) -> str:
    """Say why a peer cannot be reached now, without sending it anything; "" if it can.

    Args:
        host: Its name or address.
        port: Its port.
        timeout_s: How long each of its addresses is tried; how long the look for them takes is the system's to say.
        datagrams: Whether it is only looked up: who takes datagrams says nothing before one comes.
    """
    try:
        if datagrams:
            socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        else:
            socket.create_connection((host, port), timeout=timeout_s).close()
    except (OSError, UnicodeError) as error:
        return f"{host}, port {port}: {reason(error)}"
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def time_problems(timeout_s: float) -> list[str]:
    """Check how long a delivery may take."""
    if 0.1 <= timeout_s <= LONGEST_S:
        return []
    return [f"timeout_s: {timeout_s:g} is not allowed; give 0.1 to {LONGEST_S:g} seconds"]


def file_problems(files: Mapping[str, Path | None]) -> list[str]:
    """Check that what is to be read can be."""
    return [
        f"{name}: cannot read '{path}'; name a file that this program may read"
        for name, path in files.items()
        if path is not None and not (path.is_file() and os.access(path, os.R_OK))
    ]


def secret_problems(name: str, file: Path | None, variable: str) -> list[str]:
    """Check that a secret is where the settings say; `name` is that of the settings, without _file and _env."""
    if file is not None and variable:
        return [f"{name}_env: '{variable}' is given beside {name}_file; give one of the two"]
    try:
        secret(name, file, variable)
    except ConfigError as error:
        return error.problems
    return []


def secret(name: str, file: Path | None, variable: str) -> str:
    """Read a secret; "" if the settings name none.

    Raises:
        ConfigError: If it is not there; the message says where it was looked for, never what was found.
    """
    if file is None and not variable:
        return ""
    where = f"{name}_file: '{file}'" if file is not None else f"{name}_env: the variable '{variable}'"
    try:
        found = file.read_text()[:SECRET_CHARACTERS].strip() if file is not None else os.environ.get(variable, "")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{where} cannot be read ({type(error).__name__}); put the secret there") from None
    if not found:
        raise ConfigError(f"{where} is empty; put the secret there")
    if not (found.isascii() and found.isprintable()):
        raise ConfigError(f"{where} holds what is not printable ASCII; put the secret there, in one line")
    return found


def tls(ca_file: Path | None, certificate_file: Path | None = None, key_file: Path | None = None) -> ssl.SSLContext:
    """Return how to speak TLS; a peer always has to prove its name. Files that were changed are read anew.

    Args:
        ca_file: Certificates that are trusted; those of the system if absent.
        certificate_file: Our own, for peers that ask for one.
        key_file: Its key, if that is in another file.
    """
    files = tuple((path, path.stat().st_mtime_ns) if path else None for path in (ca_file, certificate_file, key_file))
    return _context(*files)


@lru_cache(maxsize=16)
def _context(*files: tuple[Path, int] | None) -> ssl.SSLContext:
    """Return what these files make; to read the certificates of a system takes as long as all else of a delivery."""
    ca_file, certificate_file, key_file = (file and file[0] for file in files)
    context = ssl.create_default_context(cafile=ca_file)
    if certificate_file:
        context.load_cert_chain(certificate_file, key_file)
    return context


def tls_problems(ca_file: Path | None, certificate_file: Path | None = None, key_file: Path | None = None) -> list[str]:
    """Check the files of TLS."""
    files = {"ca_file": ca_file, "certificate_file": certificate_file, "key_file": key_file}
    found = file_problems(files)
    if key_file and not certificate_file:
        found.append(f"key_file: '{key_file}' is given without a certificate_file; name that too")
    if not found:
        try:
            tls(ca_file, certificate_file, key_file)
        except ssl.SSLError as error:
            names = ", ".join(f"'{path}'" for path in files.values() if path)
            found.append(f"ca_file: {names} cannot be used for TLS ({reason(error)}); give files in PEM format")
    return found


def reason(error: BaseException) -> str:
    """Say in some words why a peer could not be reached; what it said is made inert."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(getattr(error, 'reason', None) or 'link ended').replace('_', ' ').lower()}"
    text = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
    return inert(text[:200])


class Deadline:
    """A time after which every link that is watched ends.

    Args:
        seconds: From now on.
    """

    given: bool = False
    """Whether the peer was given what may be the alert; said by who gives it."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Begin."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; nothing is shut any more."""
        self._timer.cancel()
        with self._lock:
            for link in self._watched:
                link.close()
            self._watched.clear()

    def left_s(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: If none are.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def over(self) -> bool:
        """Tell whether it is over."""
        return time.monotonic() >= self._ends_at

    def watch(self, link: Any) -> None:  # noqa: ANN401  a socket, as each library has its own word for it
        """Shut this link when the time is over, whoever waits on it."""
        # A copy of its own: TLS takes the socket over, and a number that is closed may be somebody else's soon.
        with self._lock:
            self._watched.append(socket.socket(fileno=os.dup(link.fileno())))

    def open(self, host: str, port: int, context: ssl.SSLContext | None = None) -> socket.socket:
        """Return a link to a peer.

        Raises:
            OSError: If there is none in time, or the peer does not prove its name.
        """
        link = socket.create_connection((host, port), timeout=self.left_s())
        try:
            self.watch(link)
            if context:
                link = context.wrap_socket(link, server_hostname=host, do_handshake_on_connect=False)
                link.do_handshake()
        except OSError:
            link.close()
            self.left_s()  # what the end of the time broke off is told as such
            raise
        return link

    def _end(self) -> None:
        with self._lock:
            for link in self._watched:
                try:
                    link.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it ended before
