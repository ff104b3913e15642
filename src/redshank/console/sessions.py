"""Who is asking: the cookie of a browser, the token of a program, and what they may do.

In: what a request shows. Out: a `Person`. The one idea: the secret is in the cookie or the token alone, the store has
its SHA-256; the mark that a form must carry is made of the same secret, so it fits this session and no other, and
nobody has to keep it. A route that writes names who may: `who: Annotated[Person, Depends(analyst)]`. That waits for
nothing, so it is asynchronous: a plain function would be handed to a thread, on every page.
Source: OWASP's cheat sheets on session management and on cross-site request forgery.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from redshank.console.people import Person
from redshank.console.request_error import RequestError
from redshank.core.errors import ConfigError, StoreBusyError
from redshank.core.inert import inert
from redshank.store.credentials import Sessions, Token, Tokens
from redshank.store.people import ADMIN, ANALYST, VIEWER

COOKIE = "redshank"
MARK = "csrf"
"""Name of the field, in every form, that shows that our own page sent it."""
MARK_HEADER = "x-csrf-token"
"""The same, for what a script sends."""
USED_EVERY_S = 60.0
"""How exactly is kept when a session or a token was last used: each time is a write."""
TOKEN_START = "redshank_"  # noqa: S105  how all tokens begin, so that one that leaked is found
MOST_AGENT = 200


@dataclass(frozen=True)
class Times:
    """How long a session goes on, in s.

    Args:
        idle_s: Without any use.
        longest_s: In all.
    """

    idle_s: float
    longest_s: float

    def go_on(self, begun_at_s: float, used_at_s: float, now_s: float) -> bool:
        """Tell whether a session is neither idle for too long nor too old."""
        return now_s - used_at_s < self.idle_s and now_s - begun_at_s < self.longest_s


@dataclass(frozen=True)
class Entered:
    """A request of somebody who is logged in.

    Args:
        person: Who.
        mark: What a form of theirs must carry.
        digest: Of their session.
    """

    person: Person
    mark: str
    digest: str


@dataclass
class _Uses:
    """Notes that something was used; a page does not wait for a busy store again and again for that alone."""

    from_s: float = 0.0

    def note(self, use: Callable[[], None], now_s: float) -> None:
        if now_s >= self.from_s:
            try:
                use()
            except StoreBusyError:
                self.from_s = now_s + USED_EVERY_S


class Cookies:
    """The sessions of browsers.

    Args:
        sessions: The store's.
        times: How long they go on.
    """

    def __init__(self, sessions: Sessions, times: Times) -> None:
        self._sessions, self.times, self._uses = sessions, times, _Uses()

    def begin(self, account: str, address: str, agent: str, now_s: float) -> str:
        """Log a browser in; return what its cookie is to hold."""
        secret = secrets.token_urlsafe(32)
        self._sessions.begin(
            _digest(secret),
            account,
            now_s,
            inert(address[:64]),
            inert(agent[:MOST_AGENT]),
            unused_since_s=now_s - self.times.idle_s,
        )
        return secret

    def find(self, secret: str, now_s: float, *, by_hand: bool = True) -> Entered | None:
        """Return whose cookie this is, if their session goes on.

        Args:
            secret: What the cookie holds.
            now_s: Now.
            by_hand: Whether a person does something; what a page does by itself keeps nobody logged in.
        """
        digest = _digest(secret)
        found = self._sessions.find(digest)
        if found is None or not self.times.go_on(found.begun_at_s, found.used_at_s, now_s):
            return None
        if by_hand and now_s - found.used_at_s >= USED_EVERY_S:
            self._uses.note(lambda: self._sessions.use(digest, now_s), now_s)
        return Entered(Person(found.account, found.role), _mark(secret), digest)


class Bearers:
    """The tokens of programs.

    Args:
        tokens: The store's.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens, self._uses = tokens, _Uses()

    def give(
        self, account: str, role: str, name: str, by: str, now_s: float, expires_at_s: float | None
    ) -> tuple[Token, str]:
        """Make a token; return it and what the program is to show, which nobody can read again.

        Raises:
            ConfigError: If it has no name, or the account cannot have it.
        """
        if not 1 <= len(name.strip()) <= 64:
            raise ConfigError(f"token: {len(name.strip())} characters of a name; say in 1 to 64 what it is for")
        secret = TOKEN_START + secrets.token_urlsafe(32)
        token = Token(secrets.token_hex(4), account, name.strip(), role, now_s, expires_at_s, None, None, role)
        self._tokens.give(token, _digest(secret), by)
        return token, secret

    def find(self, secret: str, now_s: float) -> Person | None:
        """Return whose token this is, if it counts."""
        token = self._tokens.find(_digest(secret), now_s) if secret.startswith(TOKEN_START) else None
        if token is None:
            return None
        if token.used_at_s is None or now_s - token.used_at_s >= USED_EVERY_S:
            self._uses.note(lambda: self._tokens.use(token.id, now_s), now_s)
        return Person(token.account, token.may, token.id)


def marked(given: str, entered: Entered) -> bool:
    """Tell whether what a form carried is the mark of this session."""
    return hmac.compare_digest(given.encode(), entered.mark.encode())


def cookie_name(scheme: str) -> str:
    """Return what the cookie is called: with the prefix that a browser takes over TLS from this host alone.

    Example:
        >>> cookie_name("https"), cookie_name("http")
        ('__Host-redshank', 'redshank')
    """
    return f"__Host-{COOKIE}" if scheme == "https" else COOKIE


async def person(request: Request) -> Person:
    """Return who asks; for a route that anybody may use who is logged in."""
    return _person(request)


async def viewer(request: Request) -> Person:
    """Return who asks, if they may look."""
    return _at_least(request, VIEWER)


async def analyst(request: Request) -> Person:
    """Return who asks, if they may decide on alerts, labels, models and responses."""
    return _at_least(request, ANALYST)


async def admin(request: Request) -> Person:
    """Return who asks, if they may decide on people."""
    return _at_least(request, ADMIN)


def _person(request: Request) -> Person:
    found = request.scope.get("redshank.person")
    if not isinstance(found, Person):
        raise RequestError(403, "nobody is logged in; log in first")
    return found


def _at_least(request: Request, role: str) -> Person:
    who = _person(request)
    if not who.may(role):
        raise RequestError(403, f"'{who.name}' is {who.role}; this takes {role}: ask an admin for it")
    return who


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _mark(secret: str) -> str:
    return hmac.new(secret.encode(errors="replace"), b"a form of our own", hashlib.sha256).hexdigest()
