"""What an alert is found by beside its columns: rules, ports and names.

In: an alert. Out: short texts by kind. The one idea: they are few and exact, so that an index finds them; a name stands
there with all names above it, so that `example.org` finds `www.example.org`.

| kind | what it holds |
|---|---|
| rule | name of a signature rule that was hit |
| port | TCP or UDP port of a responder in the evidence |
| domain | name that was asked for in the evidence, and every name above it but a top-level one |

Everything is in small letters, does not steer a terminal, and is cut at LONGEST characters.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, insert, select

from redshank.core.inert import inert
from redshank.core.records import Alert
from redshank.store.tables import TERMS

RULE, PORT, DOMAIN = "rule", "port", "domain"
LONGEST = 200
"""Characters of a term."""
MOST = 64
"""Terms of a kind in one revision of an alert."""
DEEPEST = 8
"""Names above a name that are kept, those next to the top."""


def term(text: str) -> str:
    """Return a text as it stands among the terms.

    Example:
        >>> term("Telnet-Sweep")
        'telnet-sweep'
    """
    return inert(text.lower())[:LONGEST]


def terms(alert: Alert) -> set[tuple[str, str]]:
    """Return what an alert is found by: kinds and terms.

    Args:
        alert: The alert; of its flows those that are evidence.
    """
    found = {(RULE, term(name)) for name in alert.rules[:MOST]}
    ports = {str(one.dst_port) for one in alert.evidence if one.dst_port is not None and one.proto in {"tcp", "udp"}}
    names = {name for one in alert.evidence if one.domain for name in above(one.domain)}
    found |= {(PORT, port) for port in sorted(ports)[:MOST]}
    return found | {(DOMAIN, name) for name in sorted(names)[:MOST]}


def above(domain: str) -> Iterator[str]:
    """Give a name and those above it, without the top-level one unless it is all there is.

    Example:
        >>> list(above("WWW.Bad.example:8080"))
        ['www.bad.example', 'bad.example']
    """
    name = domain.lower().partition(":")[0].strip(".")
    labels = name.split(".")
    yield term(name)
    for begin in range(max(1, len(labels) - DEEPEST), len(labels) - 1):
        yield term(".".join(labels[begin:]))


def keep(sql: Connection, alerts: Sequence[Alert]) -> None:
    """Write down, in the transaction of some alerts, what they are found by; what was there before stays."""
    wanted = {(alert.id, *one) for alert in alerts for one in terms(alert)}
    grown = {alert.id for alert in alerts if alert.revision}
    if grown and wanted:
        known = sql.execute(select(TERMS).where(TERMS.c.alert.in_(grown)))
        wanted -= {(row.alert, row.kind, row.term) for row in known}
    if wanted:
        rows = [{"alert": alert, "kind": kind, "term": text} for alert, kind, text in sorted(wanted)]
        sql.execute(insert(TERMS), rows)
