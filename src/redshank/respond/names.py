"""Addresses of peers that the settings give as names: looked up beside the work, and kept while the service runs.

In: names, each with a reason, and the system's resolver (hosts(5), DNS). Out: their addresses, as facts for the
never-block list. The one idea: an answer can add an address and never take one off, so that a resolver that is away, or
one that is lied to, leaves nobody without protection; and a name adds MOST_ADDRESSES at most, so that whoever forges
answers protects a few addresses of his and no network. What is added later than at the start is told in the log.
Source: getaddrinfo(3). How long it may take is the system's to say (resolv.conf(5)), so it has a thread of its own.
"""

import logging
import socket
import threading
import time
from collections.abc import Sequence

from redshank.core.metrics import Metrics
from redshank.respond.target import canonical

MOST_ADDRESSES = 32
"""Of one name, while the service runs. A broker in a cloud has a handful at a time."""
FIRST_S = 3.0
"""How long a start waits for the first answers."""
EVERY_S = 10.0
"""How often a name is looked up; the system may answer from its cache."""
COUNTER = "redshank_peer_names_total"

_log = logging.getLogger(__name__)


class Names:
    """The names of one run.

    Args:
        names: Each with the reason why it is protected.
        metrics: Counted into: looks that failed, addresses added, and those refused because they were too many.
    """

    def __init__(self, names: Sequence[tuple[str, str]] = (), metrics: Metrics | None = None) -> None:
        self._reasons: dict[str, str] = {}
        for name, reason in names:
            self._reasons.setdefault(name, reason)
        self._metrics = metrics or Metrics()
        self._found: dict[str, tuple[str, ...]] = dict.fromkeys(self._reasons, ())
        self._facts: tuple[tuple[str, str], ...] = ()
        self._begun_s: float | None = None
        self._thread: threading.Thread | None = None
        self._silent: set[str] = set()
        self._full: set[str] = set()
        self._first = True

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return the addresses known by now, each with its reason; the same object as before if nothing was added.

        It looks nothing up itself: what is older than EVERY_S is looked up in another thread.
        """
        busy = self._thread is not None and self._thread.is_alive()
        due = self._begun_s is None or time.monotonic() - self._begun_s >= EVERY_S
        if self._reasons and due and not busy:
            self._begun_s = time.monotonic()
            self._thread = threading.Thread(target=self._look_up, name="names", daemon=True)
            self._thread.start()
        return self._facts

    def start(self) -> None:
        """Look all names up, and wait FIRST_S at most; what takes longer is known later."""
        self.facts()
        if self._thread:
            self._thread.join(FIRST_S)

    def found(self) -> dict[str, tuple[str, ...]]:
        """Return the addresses known by now, by name."""
        return dict(self._found)

    def _look_up(self) -> None:
        for name, reason in self._reasons.items():
            try:
                answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                self._metrics.count(COUNTER, outcome="failed")
                if name not in self._silent:
                    _log.warning("respond: '%s' (%s) has no address now: %s; tried again", name, reason, error)
                self._silent.add(name)
                continue
            self._silent.discard(name)
            self._add(name, reason, [canonical(str(answer[4][0])) for answer in answers])
        self._first = False

    def _add(self, name: str, reason: str, answers: Sequence[str]) -> None:
        known = self._found[name]
        new = tuple(one for one in dict.fromkeys(answers) if one not in known)
        added, refused = new[: MOST_ADDRESSES - len(known)], new[MOST_ADDRESSES - len(known) :]
        if refused:
            self._metrics.count(COUNTER, len(refused), outcome="refused")
            if name not in self._full:
                _log.warning(
                    "respond: '%s' (%s) had more than %d addresses; %s and others are not protected: put those that "
                    "count into respond.protect",
                    *(name, reason, MOST_ADDRESSES, refused[0]),
                )
            self._full.add(name)
        if not added:
            return
        self._metrics.count(COUNTER, len(added), outcome="added")
        told = _log.info if self._first else _log.warning
        told("respond: '%s' (%s) is %s: never acted against while this service runs", name, reason, ", ".join(added))
        self._found[name] = (*known, *added)
        self._facts = tuple(
            (address, f"{why} ({one})") for one, why in self._reasons.items() for address in self._found[one]
        )
