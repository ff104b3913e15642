"""Who somebody is: names, roles, passwords, and logging in.

In: a name and a password as they were typed. Out: an account, or how long to wait. The one idea: a wrong name costs and
says as much as a wrong password. Passwords are kept as Argon2id hashes alone; few are reckoned at once, because each
takes tens of MiB; who guesses waits, longer each time, and before anything is reckoned.
Source: RFC 9106 for Argon2id; NIST SP 800-63B, 5.1.1.2, for what a password must be.
"""

import hashlib
import ipaddress
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from redshank.console.refusals import BUSY, LOCKED, WRONG, Refusals
from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.store.attempts import Attempts, Patience
from redshank.store.people import ROLES, Account, People, absent

LEAST_CHARACTERS, MOST_CHARACTERS = 12, 256
AT_ONCE = 2
"""Passwords that are looked at at the same time."""
MOST_WAITING = 8
"""Logins that wait for their turn; each holds a thread, and pages need some too."""
BUSY_S = 2.0
"""After how long whoever found no place may try again."""
ACCOUNT_PATIENCE = Patience(free=5, first_s=2.0, longest_s=900.0)
ADDRESS_PATIENCE = Patience(free=20, first_s=2.0, longest_s=900.0)
"""Of an address more is suffered: several people may be behind it."""
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_COMMONEST = frozenset(
    (
        *(
            "password",
            "passw0rd",
            "qwerty",
            "qwertyuiop",
            "letmein",
            "iloveyou",
            "administrator",
            "changeme",
            "welcome",
        ),
        *("redshank", "admin", "root", "default", "raspberry", "dragon", "monkey", "sunshine", "princess", "football"),
        *("baseball", "superman", "batman", "trustno1", "abcdefghijkl", "qazwsxedc", "1q2w3e4r5t6y", "asdfghjkl"),
        *(
            "correcthorsebatterystaple",
            "zaq12wsxcde3",
            "secret",
            "master",
            "whatever",
            "starwars",
            "computer",
            "welcome",
        ),
    )
)
"""Passwords that are tried first everywhere; also with a few figures or signs around them."""


@dataclass(frozen=True)
class Person:
    """Whoever asks for something.

    Args:
        name: Of the account.
        role: What they may do at most: viewer, analyst or admin.
        token: Id of the token, if a program asks; empty: a person with a browser.
    """

    name: str
    role: str
    token: str = ""

    def may(self, role: str) -> bool:
        """Tell whether they may what `role` may.

        Example:
            >>> Person("ana", "analyst").may("viewer"), Person("ana", "analyst").may("admin")
            (True, False)
        """
        return ROLES.index(self.role) >= ROLES.index(role)


class Refused(Exception):  # noqa: N818  it is no error
    """Nobody was let in.

    Args:
        wait_s: Seconds until the next attempt; 0: the name or the password is wrong.
    """

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__()
        self.wait_s = wait_s


class Door:
    """Lets people in, and takes passwords.

    Args:
        people: The accounts.
        attempts: The failed logins.
        hasher: How passwords are hashed; by default as RFC 9106 has it for little memory.
        refusals: Where refused logins are written down, if anybody logs in here.
    """

    def __init__(
        self,
        people: People,
        attempts: Attempts,
        hasher: PasswordHasher | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        self._people, self._attempts, self._refusals = people, attempts, refusals
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody's password")

    def enter(self, name: str, password: str, address: str, now_s: float) -> Account:
        """Return the account of who knows its password.

        Args:
            name: As typed; upper and lower case are alike.
            password: As typed.
            address: From where.
            now_s: Now.

        Raises:
            Refused: If the name or the password is wrong, the account is disabled, there were too many attempts, or too
                many wait for their turn.
        """
        name = name.strip().lower()[:MOST_CHARACTERS]
        if not self._places.acquire(blocking=False):
            self._refuse(BUSY, name, address, now_s, BUSY_S)
        try:
            return self._enter(name, password, address, now_s)
        finally:
            self._places.release()

    def _enter(self, name: str, password: str, address: str, now_s: float) -> Account:
        # A name that nobody has is no shorter way: it is counted, and reckoned, like any other.
        keys = {_account_key(name): ACCOUNT_PATIENCE, _address_key(address): ADDRESS_PATIENCE}
        wait_s = self._attempts.begin(keys, now_s)
        if wait_s > 0:
            self._refuse(LOCKED, name, address, now_s, wait_s)
        account, nobody = self._people.find(name), self._nobody
        right = self._matches(account.password if account else nobody, password)
        if not right or account is None or account.disabled:
            self._refuse(WRONG, name, address, now_s)
        self._attempts.succeeded(*keys)
        if self._hasher.check_needs_rehash(account.password):
            self._people.rehash(name, self._hash(password))
        return account

    def _refuse(self, what: str, name: str, address: str, now_s: float, wait_s: float = 0.0) -> NoReturn:
        if self._refusals:
            self._refusals.note(what, name, address, now_s, wait_s)
        raise Refused(wait_s)

    def knows(self, name: str, password: str, address: str, now_s: float) -> None:
        """Make sure that who is logged in knows the password, before something that a borrowed browser must not do.

        Raises:
            ConfigError: If not.
        """
        try:
            self.enter(name, password, address, now_s)
        except Refused as refused:
            todo = f"wait {refused.wait_s:.0f} s" if refused.wait_s else "type in the one that you use now"
            raise ConfigError(f"password: it is not yours; {todo}") from None

    def require(self, name: str) -> None:
        """Make sure that there is such an account, before a person types in what is for it.

        Raises:
            ConfigError: If there is none.
        """
        if self._people.find(name) is None:
            raise ConfigError(absent(name))

    def add(self, name: str, role: str, password: str, now_s: float, by: str) -> None:
        """Make an account.

        Raises:
            ConfigError: If the name, the role or the password is not allowed; all at once.
        """
        problems = [*name_problems(name), *role_problems(role), *password_problems(password, name)]
        if problems:
            raise ConfigError(problems)
        self._people.add(name, role, self._hash(password), now_s, by)

    def set_password(self, name: str, password: str, now_s: float, by: str) -> None:
        """Give an account another password; it is logged out everywhere.

        Raises:
            ConfigError: If the password is not allowed, or there is no such account.
        """
        problems = password_problems(password, name)
        if problems:
            raise ConfigError(problems)
        self._people.set_password(name, self._hash(password), now_s, by)

    def _hash(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(_composed(password))

    def _matches(self, digest: str, password: str) -> bool:
        with self._turns:
            try:
                return self._hasher.verify(digest, _composed(password[:MOST_CHARACTERS]))
            except (VerificationError, InvalidHashError):
                return False


def name_problems(name: str) -> list[str]:
    """Return what is wrong with the name of an account."""
    if _NAME.fullmatch(name):
        return []
    return [f"name: '{inert(name[:40])}' is not allowed; 1 to 32 of a-z, 0-9, '.', '_', '-', the first a letter"]


def role_problems(role: str) -> list[str]:
    """Return what is wrong with a role."""
    return [] if role in ROLES else [f"role: there is no '{inert(role[:40])}'; there are {', '.join(ROLES)}"]


def password_problems(password: str, name: str) -> list[str]:
    """Return what is wrong with a new password; nothing that tells it.

    Example:
        >>> password_problems("correct horse", "ana")
        []
        >>> password_problems("password1234", "ana")
        ['password: it is among the first that are tried; choose one of your own, for example four words']
    """
    plain = re.sub(r"[\W_]", "", password.lower())
    core = plain.strip("0123456789")
    problems = []
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        problems.append(f"password: {len(password)} characters; choose {LEAST_CHARACTERS} to {MOST_CHARACTERS}")
    if len(set(password)) < 5:
        problems.append("password: it is a few characters again and again; choose one that is not")
    if name and name in core and not core.replace(name, ""):
        problems.append("password: it is the name; choose one that nobody sees")
    elif password and (not core or {plain, core} & _COMMONEST):  # figures alone are guessed in an hour
        problems.append(
            "password: it is among the first that are tried; choose one of your own, for example four words"
        )
    return problems


def _composed(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # keyboards differ in how they write one sign


def _account_key(name: str) -> str:
    return "account:" + hashlib.sha256(name.encode(errors="replace")).hexdigest()


def _address_key(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{inert(address[:64])}"
    # Who has one IPv6 address has the network.
    return f"address:{ipaddress.ip_network((found, 64), strict=False)}" if found.version == 6 else f"address:{found}"
