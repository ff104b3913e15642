"""Logins that were refused, written to the audit so that a flood of them does not fill it.

In: each refusal: the name as it was typed, the address, why. Out: entries of the audit. The one idea: within an hour, a
name from an address is written down the first time, the tenth, the hundredth ... with how often that was; and of names
that accounts have, and of others, only the first `MOST_EACH`. What is beyond is counted together, in the same way. So
guessing a name that nobody has hides nothing that is tried with one that somebody has.
"""

import threading
from collections import Counter
from collections.abc import Callable

from redshank.core.inert import inert
from redshank.store.audit import Audit

HOUR_S = 3_600
MOST_EACH = 20
"""Names with their addresses that are told apart in an hour: of names that accounts have, and of others."""
MOST_NAME = 64
WRONG, LOCKED, BUSY = "login refused", "login locked out", "login put off"
"""Name or password were wrong; too many attempts before; too many at once."""
BY = "redshank"


class Refusals:
    """Refused logins.

    Args:
        audit: Where they are written down.
        known: Tells whether there is an account of that name.
    """

    def __init__(self, audit: Audit, known: Callable[[str], bool]) -> None:
        self._audit, self._known = audit, known
        self._turn = threading.Lock()
        self._hour = -1
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._told_apart: dict[tuple[str, str], bool] = {}
        """Names and addresses of this hour, and whether there is such an account."""

    def note(self, what: str, name: str, address: str, now_s: float, wait_s: float = 0.0) -> None:
        """Count a refusal, and write it down if it is one of those that are.

        Args:
            what: WRONG, LOCKED or BUSY.
            name: As typed.
            address: From where.
            now_s: Now.
            wait_s: How long the next attempt must wait.
        """
        name, address = inert(name[:MOST_NAME]), inert(address[:MOST_NAME])
        with self._turn:
            if now_s // HOUR_S != self._hour:
                self._hour = int(now_s // HOUR_S)
                self._counts.clear()
                self._told_apart.clear()
            if not self._tells_apart(name, address):
                name, address = "", "further names and addresses"
            self._counts[what, name, address] += 1
            count = self._counts[what, name, address]
        if str(count).strip("0") == "1":
            wait = {"next_in_s": round(wait_s)} if wait_s else {}
            self._audit.write(now_s, BY, what, name, {"from": address, "times this hour": count, **wait})

    def _tells_apart(self, name: str, address: str) -> bool:
        if (name, address) not in self._told_apart:
            known = self._known(name)
            if sum(one == known for one in self._told_apart.values()) >= MOST_EACH:
                return False
            self._told_apart[name, address] = known
        return True
