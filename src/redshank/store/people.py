"""Accounts: who may use the console, as what, and until somebody disables them.

In: a name, a role, and a password that is hashed already. Out: accounts; every change is in the audit, in the same
transaction, and ends the sessions of the account, so that nobody goes on as who they were. The one idea: there is
always somebody who can let others in, so the last admin can be neither disabled nor made less.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, insert, select, update

from redshank.core.errors import ActionError, ConfigError
from redshank.core.inert import inert
from redshank.store.audit import note
from redshank.store.database import Database
from redshank.store.tables import ACCOUNTS, SESSIONS, TOKENS

VIEWER, ANALYST, ADMIN = "viewer", "analyst", "admin"
ROLES = (VIEWER, ANALYST, ADMIN)
"""From who may least to who may most; each may what those before it may."""


@dataclass(frozen=True)
class Account:
    """Somebody who may use the console.

    Args:
        name: As it is typed in, in lower case.
        role: viewer, analyst or admin.
        password: Its Argon2 hash.
        disabled: Whether it may not log in.
        made_at_s: When it was made, s since the epoch.
        changed_at_s: When the password was set.
        seen_at_s: When it last logged in.
    """

    name: str
    role: str
    password: str = field(repr=False)
    disabled: bool
    made_at_s: float
    changed_at_s: float
    seen_at_s: float | None


class People:
    """The accounts of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Account]:
        """Return all accounts by name."""
        with self._database.reading() as sql:
            return [Account(**row._asdict()) for row in sql.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.name))]

    def find(self, name: str) -> Account | None:
        """Return an account; None if there is none of this name."""
        with self._database.reading() as sql:
            return _find(sql, name)

    def add(self, name: str, role: str, password: str, at_s: float, by: str) -> None:
        """Make an account; `password` is hashed.

        Raises:
            ConfigError: If there is one of this name.
        """
        with self._database.writing() as sql:
            if _find(sql, name):
                raise ConfigError(f"account: there is a '{name}' already; choose another name")
            sql.execute(
                insert(ACCOUNTS).values(
                    name=name, role=role, password=password, disabled=False, made_at_s=at_s, changed_at_s=at_s
                )
            )
            note(sql, at_s, by, "account made", name, {"role": role})

    def set_password(self, name: str, password: str, at_s: float, by: str) -> None:
        """Give an account another password, hashed; its sessions end.

        Raises:
            ConfigError: If there is no such account.
        """
        with self._database.writing() as sql:
            _require(sql, name)
            sql.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(password=password, changed_at_s=at_s))
            _end_sessions(sql, name)
            note(sql, at_s, by, "password changed", name, {})

    def rehash(self, name: str, password: str) -> None:
        """Keep the same password under a newer hash; nobody notices."""
        with self._database.writing() as sql:
            sql.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(password=password))

    def set_role(self, name: str, role: str, at_s: float, by: str) -> None:
        """Let an account do more or less; its sessions end, and its tokens may no more than the role.

        Raises:
            ConfigError: If there is no such account.
            ActionError: If it is the last admin.
        """
        with self._database.writing() as sql:
            before = _require(sql, name)
            if role != ADMIN:
                _keep_an_admin(sql, before)
            sql.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(role=role))
            _end_sessions(sql, name)
            note(sql, at_s, by, "role changed", name, {"from": before.role, "to": role})

    def disable(self, name: str, at_s: float, by: str) -> None:
        """Let an account log in no more; its sessions end, its tokens are withdrawn.

        Raises:
            ConfigError: If there is no such account.
            ActionError: If it is the last admin.
        """
        with self._database.writing() as sql:
            _keep_an_admin(sql, _require(sql, name))
            sql.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(disabled=True))
            _end_sessions(sql, name)
            sql.execute(
                update(TOKENS)
                .where(TOKENS.c.account == name, TOKENS.c.withdrawn_at_s.is_(None))
                .values(withdrawn_at_s=at_s)
            )
            note(sql, at_s, by, "account disabled", name, {})

    def enable(self, name: str, at_s: float, by: str) -> None:
        """Let a disabled account log in again.

        Raises:
            ConfigError: If there is no such account.
        """
        with self._database.writing() as sql:
            _require(sql, name)
            sql.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(disabled=False))
            note(sql, at_s, by, "account enabled", name, {})


def _find(sql: Connection, name: str) -> Account | None:
    row = sql.execute(select(ACCOUNTS).where(ACCOUNTS.c.name == name)).one_or_none()
    return Account(**row._asdict()) if row else None


def _require(sql: Connection, name: str) -> Account:
    found = _find(sql, name)
    if found is None:
        raise ConfigError(absent(name))
    return found


def absent(name: str) -> str:
    """Say that there is no such account."""
    return f"account: there is no '{inert(name[:40])}'; `redshank console user list` has all"


def _keep_an_admin(sql: Connection, account: Account) -> None:
    others = select(func.count()).where(
        ACCOUNTS.c.role == ADMIN, ACCOUNTS.c.disabled.is_(False), ACCOUNTS.c.name != account.name
    )
    if account.role == ADMIN and not account.disabled and not sql.execute(others).scalar_one():
        raise ActionError(f"account: '{account.name}' is the last admin; make another one first")


def _end_sessions(sql: Connection, name: str) -> None:
    sql.execute(delete(SESSIONS).where(SESSIONS.c.account == name))
