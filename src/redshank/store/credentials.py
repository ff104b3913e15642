"""Sessions and tokens: what a browser or a program shows in place of a password.

In: the SHA-256 of a secret, never the secret. Out: whose it is, and what they may do now. The one idea: the store alone
knows who is logged in, so that whatever ends a session ends it everywhere at once, and a role that was taken away
counts at the next request. What is over is deleted when a session begins, so that there are never many.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, delete, insert, select, update

from redshank.core.errors import ConfigError
from redshank.store.audit import note
from redshank.store.database import Database
from redshank.store.people import ROLES
from redshank.store.tables import ACCOUNTS, SESSIONS, TOKENS

MOST_SESSIONS = 20
"""Browsers in which one account is logged in; with one more, the one that was used least recently is logged out."""
MOST_TOKENS = 50
"""Tokens of one account that stand."""


@dataclass(frozen=True)
class Session:
    """A browser that is logged in.

    Args:
        digest: SHA-256 of what its cookie holds.
        account: Who.
        begun_at_s: Since when, s since the epoch.
        used_at_s: When it was last used, to the minute.
        address: From where it began.
        agent: What the browser called itself.
        role: What the account may do now.
    """

    digest: str
    account: str
    begun_at_s: float
    used_at_s: float
    address: str
    agent: str
    role: str


@dataclass(frozen=True)
class Token:
    """What a program shows.

    Args:
        id: What people call it.
        account: Whose it is.
        name: What it is for.
        role: What it may do, at most: it never may more than the account.
        given_at_s: Since when, s since the epoch.
        expires_at_s: Until when; None: until it is withdrawn.
        used_at_s: When it was last used, to the minute.
        withdrawn_at_s: Since when it counts no more.
        account_role: What the account may do now.
    """

    id: str
    account: str
    name: str
    role: str
    given_at_s: float
    expires_at_s: float | None
    used_at_s: float | None
    withdrawn_at_s: float | None
    account_role: str

    @property
    def may(self) -> str:
        """What it may do: as its own role or the account's, whichever is less."""
        return min(self.role, self.account_role, key=ROLES.index)

    def stands(self, now_s: float) -> bool:
        """Whether it counts."""
        return self.withdrawn_at_s is None and (self.expires_at_s is None or now_s < self.expires_at_s)


class Sessions:
    """The sessions of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, digest: str, account: str, at_s: float, address: str, agent: str, *, unused_since_s: float) -> None:
        """Log a browser in, and forget sessions that were not used since `unused_since_s`."""
        with self._database.writing() as sql:
            sql.execute(delete(SESSIONS).where(SESSIONS.c.used_at_s < unused_since_s))
            latest = (
                select(SESSIONS.c.digest)
                .where(SESSIONS.c.account == account)
                .order_by(SESSIONS.c.used_at_s.desc(), SESSIONS.c.digest)
                .limit(MOST_SESSIONS - 1)
            )
            kept = list(sql.execute(latest).scalars())
            sql.execute(delete(SESSIONS).where(SESSIONS.c.account == account, SESSIONS.c.digest.not_in(kept)))
            sql.execute(
                insert(SESSIONS).values(
                    digest=digest, account=account, begun_at_s=at_s, used_at_s=at_s, address=address, agent=agent
                )
            )
            sql.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == account).values(seen_at_s=at_s))
            note(sql, at_s, account, "logged in", account, {"address": address})

    def find(self, digest: str) -> Session | None:
        """Return a session with its account's role; None if there is none, or the account is disabled."""
        wanted = (
            select(SESSIONS, ACCOUNTS.c.role)
            .join(ACCOUNTS, ACCOUNTS.c.name == SESSIONS.c.account)
            .where(SESSIONS.c.digest == digest, ACCOUNTS.c.disabled.is_(False))
        )
        with self._database.reading() as sql:
            row = sql.execute(wanted).one_or_none()
            return Session(**row._asdict()) if row else None

    def of(self, account: str) -> list[Session]:
        """Return the sessions of an account, the one that was used last first."""
        wanted = (
            select(SESSIONS, ACCOUNTS.c.role)
            .join(ACCOUNTS, ACCOUNTS.c.name == SESSIONS.c.account)
            .where(SESSIONS.c.account == account)
            .order_by(SESSIONS.c.used_at_s.desc(), SESSIONS.c.digest)
        )
        with self._database.reading() as sql:
            return [Session(**row._asdict()) for row in sql.execute(wanted)]

    def use(self, digest: str, at_s: float) -> None:
        """Write down that a session was used."""
        with self._database.writing() as sql:
            sql.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(used_at_s=at_s))

    def end(self, digest: str) -> None:
        """Log one browser out."""
        with self._database.writing() as sql:
            sql.execute(delete(SESSIONS).where(SESSIONS.c.digest == digest))

    def end_all(self, account: str, at_s: float, by: str) -> int:
        """Log an account out everywhere; return in how many browsers it was logged in."""
        with self._database.writing() as sql:
            ended = sql.execute(delete(SESSIONS).where(SESSIONS.c.account == account)).rowcount
            note(sql, at_s, by, "logged out everywhere", account, {"sessions": ended})
        return ended


class Tokens:
    """The tokens of a store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, token: Token, digest: str, by: str) -> None:
        """Let a program in that shows what has this digest.

        Raises:
            ConfigError: If the account is not there or disabled, may less than the token, has one of that name that
                stands, or too many tokens.
        """
        with self._database.writing() as sql:
            account = sql.execute(
                select(ACCOUNTS.c.role).where(ACCOUNTS.c.name == token.account, ACCOUNTS.c.disabled.is_(False))
            ).scalar_one_or_none()
            if account is None:
                raise ConfigError(f"token: no account '{token.account}' may log in; name one that may")
            if ROLES.index(token.role) > ROLES.index(account):
                raise ConfigError(
                    f"token: '{token.role}' is more than '{token.account}' may, who is {account}; name that or less"
                )
            wanted = select(TOKENS).where(TOKENS.c.account == token.account, TOKENS.c.withdrawn_at_s.is_(None))
            given = sql.execute(wanted).all()
            now_s = token.given_at_s
            if any(one.name == token.name and (one.expires_at_s is None or now_s < one.expires_at_s) for one in given):
                raise ConfigError(
                    f"token: '{token.account}' has one called '{token.name}' that stands; withdraw it first, or choose "
                    "another name"
                )
            if len(given) >= MOST_TOKENS:
                raise ConfigError(f"token: '{token.account}' has {MOST_TOKENS} that stand; withdraw one first")
            values = {name: value for name, value in vars(token).items() if name != "account_role"}
            sql.execute(insert(TOKENS).values(digest=digest, **values))
            detail = {"account": token.account, "name": token.name, "role": token.role, "until": token.expires_at_s}
            note(sql, token.given_at_s, by, "token given", token.id, detail)

    def find(self, digest: str, now_s: float) -> Token | None:
        """Return the token that counts now and has this digest."""
        found = self._some(TOKENS.c.digest == digest, ACCOUNTS.c.disabled.is_(False))
        return next((one for one in found if one.stands(now_s)), None)

    def all(self, account: str | None = None) -> list[Token]:
        """Return the tokens, or those of an account: first those that were not withdrawn, the newest first."""
        return self._some(*([TOKENS.c.account == account] if account is not None else []))

    def use(self, token: str, at_s: float) -> None:
        """Write down that a token was used."""
        with self._database.writing() as sql:
            sql.execute(update(TOKENS).where(TOKENS.c.id == token).values(used_at_s=at_s))

    def withdraw(self, token: str, at_s: float, by: str, account: str | None = None) -> None:
        """Let nobody in any more who shows this token.

        Args:
            token: Its id.
            at_s: Now.
            by: Who withdraws it.
            account: Whose it must be, if that matters.

        Raises:
            ConfigError: If there is none that stands.
        """
        with self._database.writing() as sql:
            wanted = [TOKENS.c.id == token, TOKENS.c.withdrawn_at_s.is_(None)]
            wanted += [TOKENS.c.account == account] if account is not None else []
            if not sql.execute(update(TOKENS).where(*wanted).values(withdrawn_at_s=at_s)).rowcount:
                raise ConfigError(f"token: none that stands is called '{token}'; `redshank console token list` has all")
            note(sql, at_s, by, "token withdrawn", token, {})

    def _some(self, *wanted: ColumnElement[bool]) -> list[Token]:
        columns = [TOKENS.c[name] for name in Token.__dataclass_fields__ if name != "account_role"]
        query = (
            select(*columns, ACCOUNTS.c.role.label("account_role"))
            .join(ACCOUNTS, ACCOUNTS.c.name == TOKENS.c.account)
            .where(*wanted)
            .order_by(case((TOKENS.c.withdrawn_at_s.is_(None), 0), else_=1), TOKENS.c.given_at_s.desc(), TOKENS.c.id)
        )
        with self._database.reading() as sql:
            return [Token(**row._asdict()) for row in sql.execute(query)]
