"""What an allowance does to alerts that are in the store already: those that are open are closed.

In: an allowance, the store. Out: which alerts it covers; closed, those of them that are open, and what was done because
of them taken back (`pipeline/taking_back.py`). The one idea: a person at the terminal, one at the console and the
service do the same by the same function, so an allowance acts at once whether a service runs or not. Which alerts may
be covered is asked of the store, by what they are found by; whether they are is asked of `AllowList`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from redshank.alerts.allow import AllowList
from redshank.core.allowance import MAC, Allowance
from redshank.core.errors import ActionError
from redshank.pipeline.taking_back import TakingBack
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.store.alerts import STATES, Alerts, Filed
from redshank.store.allowances import Allowances, Quiet
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.search import Search

ALLOWED_BY = "allow-list"
"""Who closed an alert, in the store, where an allowance did."""
MOST = 2_000
"""Alerts that are looked at while somebody waits, the newest; a running service looks at the others."""
AT_ONCE = 500
"""Alerts that are read from the store at once."""


@dataclass(frozen=True)
class Effect:
    """What an allowance covers, or would.

    Args:
        open: Open alerts, those seen last first: they are closed.
        past: Other alerts: they would not have been told.
        looked: How many alerts were looked at.
        whole: Whether there are no more that may be covered.
    """

    open: tuple[Filed, ...]
    past: tuple[Filed, ...]
    looked: int
    whole: bool


@dataclass(frozen=True)
class Given:
    """What came of an allowance.

    Args:
        closed: How many open alerts it closed.
        taken_back: How many actions were taken back.
    """

    closed: int
    taken_back: int


def effect(alerts: Alerts, allowance: Allowance, most: int = MOST) -> Effect:
    """Tell what an allowance would do, without doing it.

    Args:
        alerts: Of the store.
        allowance: It need not be given.
        most: Alerts to look at, the newest, of the open ones and of the others each.
    """
    allow = AllowList([replace(allowance, expires_at_s=None)])
    states = (("open",), tuple(state for state in STATES if state != "open"))
    found: list[tuple[Filed, ...]] = []
    looked, whole = 0, True
    for some in states:
        seen = 0
        covered: list[Filed] = []
        for page in _pages(alerts, replace(_may(allowance), states=some), most):
            seen += len(page)
            by = allow.covering([filed.alert for filed in page], allowance.given_at_s)
            covered += [filed for filed, one in zip(page, by, strict=True) if one]
        looked += seen
        whole = whole and seen < most
        found.append(tuple(covered))
    return Effect(found[0], found[1], looked, whole)


def give(
    database: Database,
    allowance: Allowance,
    now_s: float,
    most: int = MOST,
    ledger: Callable[[], AbstractContextManager[Ledger]] | None = None,
) -> Given:
    """Write an allowance down, close open alerts that it covers, and take back what was done because of them.

    Args:
        database: The store.
        allowance: What is allowed.
        now_s: The time, s since the epoch.
        most: Alerts to look at, the newest.
        ledger: Lends the ledger of the store, for what is to be taken back; None: it is read from its first line.

    Raises:
        ActionError: If the ledger cannot be read or written; alerts are closed by then.
    """
    Allowances(database).give(allowance)
    allow, alerts = AllowList([allowance]), Alerts(database)
    # Read whole before anything is closed: what is closed is not among the open ones of the next page.
    pages = list(_pages(alerts, replace(_may(allowance), states=("open",)), most))
    closed = sum(close_covered(database, allow, page, now_s) for page in pages)
    taken_back = 0
    try:
        # Nothing is proposed through this one, so nobody asks who is protected.
        with ledger() if ledger else nullcontext(Ledger(Journal(database), Protected)) as lent:
            looks = TakingBack(database, lent)
            while done := looks.look(now_s):
                taken_back += len(done)
    except ActionError as error:
        raise ActionError(
            f"allowance {allowance.id}: it holds and closed {closed} alerts, but what was done because of them is not "
            f"taken back: {error}"
        ) from None
    return Given(closed, taken_back)


def close_covered(database: Database, allow: AllowList, page: Sequence[Filed], now_s: float) -> int:
    """Close those of some alerts that are open and covered; return how many they were.

    Args:
        database: The store.
        allow: What is allowed.
        page: The alerts.
        now_s: The time, s since the epoch.
    """
    by: dict[str, list[str]] = {}
    for filed, one in zip(page, allow.covering([filed.alert for filed in page], now_s), strict=True):
        if one:
            by.setdefault(one.id, []).append(filed.alert.id)
    alerts, closed = Alerts(database), Counter[str]()
    for allowance, ids in by.items():
        why = f"covered by allowance {allowance}"
        closed[allowance] = len(alerts.judge(ids, "closed", ALLOWED_BY, now_s, why, only=("open",)))
    if closed:
        Allowances(database).count(Quiet(allowance, alerts=number) for allowance, number in closed.items())
    return closed.total()


def _pages(alerts: Alerts, search: Search, most: int) -> Iterator[list[Filed]]:
    after, left, full = None, most, True
    while left > 0 and full:
        wanted = min(AT_ONCE, left)
        if page := alerts.find(search, wanted, after):
            yield page
            after = (page[-1].alert.last_seen_s, page[-1].alert.id)
        left, full = left - len(page), len(page) == wanted


def _may(allowance: Allowance) -> Search:
    """Return what finds every alert that an allowance may cover, and few others."""
    own = [one for one in (allowance.source, allowance.device) if one and _single(one)]
    return Search(
        devices=(_plain(own[0]),) if own else (),
        families=(allowance.family,) if allowance.family else (),
        rules=(allowance.rule,) if allowance.rule else (),
        ports=(allowance.port,) if allowance.port else (),
        domains=(allowance.domain,) if allowance.domain else (),
        address=_plain(allowance.destination) if allowance.destination and _single(allowance.destination) else None,
    )


def _single(text: str) -> bool:
    """Tell whether it is one address."""
    if MAC.fullmatch(text):
        return False
    network = ip_network(text)
    return network.prefixlen == network.max_prefixlen


def _plain(text: str) -> str:
    return str(ip_address(text.partition("/")[0]))
