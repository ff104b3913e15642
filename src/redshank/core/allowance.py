"""Allowance: what a person decided not to be told of, who decided it, and until when.

In: conditions, an author and a reason. Out: a frozen record with a JSON round trip. The one idea: every condition that
is given must hold, so a condition more never allows more; and one that holds for everything is refused.

What holds when:

| condition | holds for a flow |
|---|---|
| source | whose originator has this address, or one of this network |
| destination | whose responder has |
| network | either of whose sides has an address in this network |
| device | whose originator has this IP address or link-layer address; behind a router the latter is the router's |
| port | to this TCP or UDP port of the responder |
| domain | that asks for this name or one below it: in a DNS query, in TLS (SNI) or as HTTP host |
| family | that a detector took for this family ("unknown": for none that it knows) |
| rule | whose alarm rests on this signature rule, and on nothing else that is not allowed |

A domain is what the client says, so an attacker can say it too: give a source or a destination beside it.
"""

import hashlib
import ipaddress
import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self

from redshank.core.errors import ConfigError
from redshank.core.records import FAMILY_NAME, ID_DIGITS, read_record

CONDITIONS = ("source", "destination", "network", "device", "port", "domain", "family", "rule")
MOST_CHARACTERS = 500
"""Of any text in an allowance."""
LAST_PORT = 65_535

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
"""A link-layer address as FLOW writes it."""
# Underscores are no host names, but services are asked for under such names (_mqtt._tcp.example.org).
_DOMAIN = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "given_at_s": ((int, float), "number of seconds"),
    "expires_at_s": ((int, float), "number of seconds"),
    "port": ((int,), "whole number"),
}
_TEXT: tuple[tuple[type, ...], str] = ((str,), "text")


@dataclass(frozen=True)
class Allowance:
    """What is not to raise an alarm; every condition given must hold, and at least one is given.

    Args:
        id: Digest of the rest. `Allowance.of` makes it.
        author: Who decided it.
        reason: Why, in words.
        given_at_s: When, by the clock.
        expires_at_s: From when on it allows nothing; None: never.
        source, destination: IP address or network of the originator, of the responder.
        network: Network (or address) of either side.
        device: IP address or link-layer address of the originator.
        port: TCP or UDP port of the responder, 1 to 65535.
        domain: Name that is asked for; names below it count.
        family: Attack family, or "unknown".
        rule: Name of a signature rule.

    Raises:
        ConfigError: If there is no condition, or a value is not allowed; every problem has a line.
    """

    id: str
    author: str
    reason: str
    given_at_s: float
    expires_at_s: float | None = None
    source: str | None = None
    destination: str | None = None
    network: str | None = None
    device: str | None = None
    port: int | None = None
    domain: str | None = None
    family: str | None = None
    rule: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would allow everything, or nothing, or cannot be read."""
        problems = list(self._strange()) or list(self._problems())
        if problems:
            raise ConfigError(problems)

    @classmethod
    def of(
        cls,
        author: str,
        reason: str,
        given_at_s: float,
        expires_at_s: float | None = None,
        *,
        source: str | None = None,
        destination: str | None = None,
        network: str | None = None,
        device: str | None = None,
        port: int | None = None,
        domain: str | None = None,
        family: str | None = None,
        rule: str | None = None,
    ) -> Self:
        """Make an allowance and its id; arguments as of the class.

        Example:
            >>> Allowance.of("ana", "the scanner of our own", 1.7e9, source="10.0.0.9", family="scanning").terms()
            'source 10.0.0.9, family scanning'
        """
        conditions = (source, destination, network, device, port, domain, family, rule)
        allowance = cls("", author, reason, given_at_s, expires_at_s, *conditions)
        return replace(allowance, id=hashlib.sha256(allowance.to_json().encode()).hexdigest()[:ID_DIGITS])

    def conditions(self) -> dict[str, str | int]:
        """Return the conditions that are given, by name, in the order of CONDITIONS."""
        return {name: value for name in CONDITIONS if (value := getattr(self, name)) is not None}

    def terms(self) -> str:
        """Return the conditions as a person reads them."""
        return ", ".join(f"{name} {value}" for name, value in self.conditions().items())

    def holds_at(self, at_s: float) -> bool:
        """Tell whether it has not expired."""
        return self.expires_at_s is None or at_s < self.expires_at_s

    def to_json(self) -> str:
        """Return the allowance as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild an allowance from `to_json`.

        Raises:
            ValueError: If a key does not belong or is missing; it is named.
            ConfigError: As of the class.
        """
        return cls(**read_record(cls, text))

    def _strange(self) -> Iterator[str]:
        """Name the values of a wrong type, which a file may hold."""
        for name, value in asdict(self).items():
            wanted, word = _TYPES.get(name, _TEXT)
            if value is None and (name in CONDITIONS or name == "expires_at_s"):
                continue
            if isinstance(value, bool) or not isinstance(value, wanted):
                yield f"allowance.{name}: {value!r} is no {word}"

    def _problems(self) -> Iterator[str]:
        if not self.conditions():
            yield f"allowance: no condition is given, so it would allow everything; give one of {', '.join(CONDITIONS)}"
        for name, text, want in (("author", self.author, "who allows it"), ("reason", self.reason, "why")):
            if not text.strip():
                yield f"allowance.{name}: none is given; say {want}"
        for name, value in (*self.conditions().items(), ("author", self.author), ("reason", self.reason)):
            if isinstance(value, str) and (len(value) > MOST_CHARACTERS or not value.isprintable()):
                yield f"allowance.{name}: {value[:40]!r} is longer than {MOST_CHARACTERS} characters or not printable"
        for name in ("source", "destination", "network"):
            if (text := getattr(self, name)) is not None:
                yield from _network_problems(f"allowance.{name}", text)
        if self.device is not None and not MAC.fullmatch(self.device) and _address(self.device) is None:
            yield (
                f"allowance.device: {self.device[:80]!r} is neither an IP address nor a MAC like 02:00:5e:10:00:01 in "
                "small letters"
            )
        if self.port is not None and not 1 <= self.port <= LAST_PORT:
            yield f"allowance.port: {self.port} is no port; allowed are 1 to {LAST_PORT}"
        if self.domain is not None and not _DOMAIN.fullmatch(self.domain):
            yield (
                f"allowance.domain: {self.domain[:80]!r} is no domain; write it in small letters like example.org "
                "(names below it count), other alphabets as xn--"
            )
        if self.family is not None and not FAMILY_NAME.fullmatch(self.family):
            yield f"allowance.family: {self.family[:80]!r} is no name; use small letters, digits and underscores"
        if self.rule is not None and not self.rule.strip():
            yield f"allowance.rule: {self.rule!r} is no name of a rule; `redshank rules list` tells them"
        if not math.isfinite(self.given_at_s):
            yield f"allowance.given_at_s: {self.given_at_s} is no time; give seconds since 1970"
        elif self.expires_at_s is not None and not self.given_at_s < self.expires_at_s < math.inf:
            yield f"allowance.expires_at_s: {self.expires_at_s} is not after {self.given_at_s}, when it was given"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network_problems(where: str, text: str) -> Iterator[str]:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        yield f"{where}: {text[:80]!r} is no IP address or network; write 10.0.0.9, 10.0.0.0/24 or fd00::/8"
        return
    if not network.prefixlen:
        yield f"{where}: {text!r} holds for every address; leave it out, or name a smaller network"
    elif "/" in text and ipaddress.ip_interface(text).ip != network.network_address:
        yield f"{where}: {text!r} has bits beyond its prefix; write {network}"
