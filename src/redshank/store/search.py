"""What alerts are to be like: the words of a search.

In: devices, families, times and so on. Out: conditions on the table of alerts. Empty fields ask nothing; of several
values in a field one is to fit, and all fields are to fit.
"""

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, union_all

from redshank.core.prefix import bits
from redshank.store.networks import among
from redshank.store.tables import ALERTS, COMMENTS, EVIDENCE, TERMS
from redshank.store.terms import DOMAIN, PORT, RULE, term

FREQUENT = 5_000
"""Alerts that one rule, port or domain finds, from which on no list of them is made."""
_HEX = re.compile("[0-9a-f]{4,64}")
_LAST = "\U0010ffff"  # no text that begins like a term comes after the term and this


@dataclass(frozen=True)
class Search:
    """What alerts are to be like.

    Args:
        devices, families, severities, states: Values, one of which fits.
        networks: Beside `devices`: networks, one of which the device's address is in.
        since_s, until_s: Packet times; the alert was last seen at `since_s` or later and before `until_s`.
        least_score: Lowest calibrated score, 0 to 1.
        address: Address of the device, or of what it acted on in a flow that is kept of the alert.
        hours: Hours of packet time, numbered since the epoch, in which the alert began.
        recorded_before_s: By the clock; the latest revision was written down before.
        ids: The alerts themselves.
        rules: Names of signature rules, one of which was hit.
        ports: TCP or UDP ports, one of which a flow of evidence went to.
        domains: Names, one of which, or one below it, was asked for in the evidence.
        arrived_after, arrived_until: Arrivals; the latest revision came after the first, and not after the second.
        words: Each is to be found: as device, family or address; as the beginning of an id, rule, port or domain; or
            anywhere in a comment.
    """

    devices: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since_s: float | None = None
    until_s: float | None = None
    least_score: float = 0.0
    address: str | None = None
    recorded_before_s: float | None = None
    ids: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    domains: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hours: tuple[int, ...] = ()
    arrived_after: int | None = None
    arrived_until: int | None = None

    def where(self, sql: Connection) -> list[ColumnElement[bool]]:
        """Return the conditions, all of which hold.

        Args:
            sql: Tells how many alerts a rule, port or domain finds: of few the others are tried, of many it is asked of
                each alert that is come to whether it is one of them.
        """
        values = (
            (ALERTS.c.id, self.ids),
            (ALERTS.c.family, self.families),
            (ALERTS.c.severity, self.severities),
            (ALERTS.c.state, self.states),
            (ALERTS.c.hour, self.hours),
        )
        found: list[ColumnElement[bool]] = [column.in_(some) for column, some in values if some]
        if self.networks:
            found.append(ALERTS.c.device.in_(self.devices) | among(sql, ALERTS.c.device, self.networks))
        elif self.devices:
            found.append(ALERTS.c.device.in_(self.devices))
        if self.since_s is not None:
            found.append(ALERTS.c.last_seen_s >= self.since_s)
        if self.until_s is not None:
            found.append(ALERTS.c.last_seen_s < self.until_s)
        if self.least_score > 0:
            found.append(ALERTS.c.score >= self.least_score)
        if self.recorded_before_s is not None:
            found.append(ALERTS.c.recorded_at_s < self.recorded_before_s)
        if self.arrived_after is not None:
            found.append(ALERTS.c.arrival > self.arrived_after)
        if self.arrived_until is not None:
            found.append(ALERTS.c.arrival <= self.arrived_until)
        if self.address is not None:
            acted_on = select(EVIDENCE.c.alert).where(EVIDENCE.c.dst_ip == self.address)
            found.append((ALERTS.c.device == self.address) | ALERTS.c.id.in_(acted_on))
        for kind, texts in self._terms():
            those = select(TERMS.c.alert).where(TERMS.c.kind == kind, TERMS.c.term.in_(texts))
            number = select(func.count()).select_from(those.limit(FREQUENT).subquery())
            if sql.execute(number).scalar_one() < FREQUENT:
                found.append(ALERTS.c.id.in_(those))
            else:
                found.append(those.where(TERMS.c.alert == ALERTS.c.id).exists())
        return [*found, *(ALERTS.c.id.in_(union_all(*_places(word))) for word in self.words)]

    def _terms(self) -> list[tuple[str, list[str]]]:
        kinds = (
            (RULE, map(term, self.rules)),
            (PORT, map(str, self.ports)),
            (DOMAIN, (term(one.strip(".")) for one in self.domains)),
        )
        return [(kind, wanted) for kind, texts in kinds if (wanted := list(texts))]


def _places(word: str) -> list[Select[tuple[str]]]:
    """Return everywhere that a word is looked for."""
    begin = term(word)
    begins = [
        select(TERMS.c.alert).where(TERMS.c.kind == kind, TERMS.c.term >= begin, TERMS.c.term <= begin + _LAST)
        for kind in (RULE, PORT, DOMAIN)
    ]
    named = select(ALERTS.c.id).where(or_(ALERTS.c.device == word, ALERTS.c.family == begin))
    found = [named, *begins, select(COMMENTS.c.alert).where(COMMENTS.c.text.icontains(word, autoescape=True))]
    if bits(word) is not None:
        found.append(select(EVIDENCE.c.alert).where(EVIDENCE.c.dst_ip == word))
    if _HEX.fullmatch(begin):
        found.append(select(ALERTS.c.id).where(ALERTS.c.id >= begin, ALERTS.c.id <= begin + "g"))
    return found
