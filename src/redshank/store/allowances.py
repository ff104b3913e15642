"""Allowances: what people decided not to be told of, until they take it back.

In: allowances that people give and withdraw. Out: those that hold now. The one idea: every change gets a number that
grows, so that a running service sees by one cheap look (`stamp`) whether anything is new, and reads all of them only
then. Nothing is deleted: the audit tells who gave and who withdrew.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from redshank.core.allowance import Allowance
from redshank.core.errors import ConfigError
from redshank.store.audit import note
from redshank.store.database import Database
from redshank.store.tables import ALLOWANCES


@dataclass(frozen=True)
class Given:
    """An allowance as the store has it.

    Args:
        allowance: The allowance.
        withdrawn: Whether somebody took it back.
        flows: Flows that services kept quiet because of it.
        alerts: Open alerts that were closed because of it.
        last_s: Packet time of the last such flow; None: there was none, or it had no time.
    """

    allowance: Allowance
    withdrawn: bool
    flows: int
    alerts: int
    last_s: float | None

    def state(self, now_s: float) -> str:
        """Say whether it is "in force", "over" or "withdrawn"."""
        return "withdrawn" if self.withdrawn else "in force" if self.allowance.holds_at(now_s) else "over"


@dataclass(frozen=True)
class Quiet:
    """What an allowance kept quiet since the last time that it was told of.

    Args:
        allowance: Its id.
        flows: Flows.
        alerts: Open alerts that were closed.
        last_s: Packet time of the last flow, if it had any.
    """

    allowance: str
    flows: int = 0
    alerts: int = 0
    last_s: float | None = None


class Allowances:
    """The allowances of a store; several processes may have one.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, allowance: Allowance) -> bool:
        """Write an allowance down; durable when this returns.

        Returns:
            Whether it is new.
        """
        with self._database.writing() as sql:
            if sql.execute(select(ALLOWANCES.c.id).where(ALLOWANCES.c.id == allowance.id)).first():
                return False
            sql.execute(insert(ALLOWANCES).values(id=allowance.id, change=_stamp(sql) + 1, record=allowance.to_json()))
            detail = {"terms": allowance.terms(), "reason": allowance.reason, "expires_at_s": allowance.expires_at_s}
            note(sql, allowance.given_at_s, allowance.author, "allowance given", allowance.id, detail)
        return True

    def withdraw(self, allowance: str, by: str, at_s: float, why: str = "") -> None:
        """Take an allowance back, for good.

        Args:
            allowance: Its id.
            by: Who takes it back.
            at_s: When, s since the epoch.
            why: In words.

        Raises:
            ConfigError: If none that stands has this id.
        """
        stands = (ALLOWANCES.c.id == allowance, ALLOWANCES.c.withdrawn.is_(False))
        with self._database.writing() as sql:
            changed = sql.execute(update(ALLOWANCES).where(*stands).values(withdrawn=True, change=_stamp(sql) + 1))
            if not changed.rowcount:
                raise ConfigError(f"allowance: none that stands is '{allowance}'; `redshank allow list` has all")
            note(sql, at_s, by, "allowance withdrawn", allowance, {"why": why})

    def standing(self, now_s: float) -> list[Allowance]:
        """Return what holds: neither withdrawn nor expired, in the order in which it was given.

        Args:
            now_s: The time, s since the epoch.
        """
        return [allowance for allowance in self._all(withdrawn=False) if allowance.holds_at(now_s)]

    def past(self, now_s: float) -> list[Allowance]:
        """Return what holds no more: withdrawn or expired, in the order in which it was given or withdrawn."""
        held = {allowance.id for allowance in self.standing(now_s)}
        return [one for some in (True, False) for one in self._all(withdrawn=some) if one.id not in held]

    def given(self) -> list[Given]:
        """Return all that was ever given, what changed last first."""
        with self._database.reading() as sql:
            return [
                Given(Allowance.from_json(row.record), row.withdrawn, row.flows, row.alerts, row.last_s)
                for row in sql.execute(select(ALLOWANCES).order_by(ALLOWANCES.c.change.desc()))
            ]

    def count(self, quiet: Iterable[Quiet]) -> None:
        """Add to what allowances kept quiet; no change that `stamp` tells."""
        with self._database.writing() as sql:
            for one in quiet:
                last = {} if one.last_s is None else {"last_s": one.last_s}
                sql.execute(
                    update(ALLOWANCES)
                    .where(ALLOWANCES.c.id == one.allowance)
                    .values(flows=ALLOWANCES.c.flows + one.flows, alerts=ALLOWANCES.c.alerts + one.alerts, **last)
                )

    def stamp(self) -> int:
        """Return a number that grows with every change; what expires by itself is none."""
        with self._database.reading() as sql:
            return _stamp(sql)

    def _all(self, *, withdrawn: bool) -> list[Allowance]:
        wanted = select(ALLOWANCES.c.record).where(ALLOWANCES.c.withdrawn.is_(withdrawn)).order_by(ALLOWANCES.c.change)
        with self._database.reading() as sql:
            return [Allowance.from_json(text) for text in sql.execute(wanted).scalars()]


def _stamp(sql: Connection) -> int:
    return int(sql.execute(select(func.coalesce(func.max(ALLOWANCES.c.change), 0))).scalar_one())
