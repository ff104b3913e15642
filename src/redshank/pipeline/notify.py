"""Tell systemd how the service is doing.

In: what happened. Out: one datagram to the socket that systemd named, nothing if there is none. The one idea: a service
that judges no longer must be started again, so the watchdog is fed by the loop that judges and by nothing else.
Source: sd_notify(3), https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import os
import socket
from collections.abc import Mapping

READY, STOPPING, WATCHDOG = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Systemd:
    """The service manager, as the environment names it.

    Args:
        environment: Variables; NOTIFY_SOCKET and WATCHDOG_USEC are looked at.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        micros = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(micros) / 1e6 / 2 if micros.isdigit() and int(micros) else None
        """How often the watchdog is to be fed: twice as often as systemd looks. None: it does not look."""

    def tell(self, *words: str) -> bool:
        """Send some assignments, for example READY and "STATUS=..."; tell whether anybody could be told."""
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.sendto("\n".join(words).encode(), self._address)
        except OSError:  # the manager went away, or never was one: the service goes on
            return False
        return True
