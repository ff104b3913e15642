"""What somebody looks for among alerts, as text that fits into one line and into an address.

In: text such as `family:ddos severity:high,critical 10.0.0.5`. Out: a `Query`, which is a search and can be written
again. The one idea: fields of a form and the text say the same thing, so a page's address holds all of it.

| piece | what it finds |
|---|---|
| a word | alerts in which it is found: device, family, address, beginning of an id, rule, port or domain, any comment |
| "two words" | as one word |
| field:value | alerts whose field has this value; see FIELDS |
| field:one,two | one of several values |

Pieces stand beside each other, and all of them are to fit. Times are `2026-11-22`, `2026-11-22T10:30` (UTC) or a span
before now: `since:24h`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.prefix import bits, meant_as_network, network
from redshank.core.records import SEVERITIES
from redshank.core.registry import alternatives
from redshank.store.alerts import HOUR_S, STATES
from redshank.store.search import Search

LONGEST = 1_000
MOST_VALUES = 50
"""Of one field, and words."""
FIELDS = {
    "device": "address of the device that acted, or a network of such",
    "address": "of the device, or of what it acted on in the evidence",
    "family": "what it was taken for",
    "severity": ", ".join(SEVERITIES),
    "state": ", ".join(STATES),
    "rule": "name of a signature rule that was hit",
    "port": "TCP or UDP port in the evidence",
    "domain": "name asked for in the evidence, or one above it",
    "score": "at least this, 0 to 1",
    "since": "last seen then or later",
    "until": "last seen before",
    "hour": "in which it began, like 2026-11-22T10",
    "id": "of the alert",
}
"""Fields, and what they hold."""
ONE = ("address", "score", "since", "until")
"""Fields that take one value."""
_PIECE = re.compile(r'(?:([A-Za-z_]+):)?("[^"]*"|[^\s"]+)')
_HOUR = "%Y-%m-%dT%H"
_SPAN = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PLAIN = re.compile(r'[^\s",:]+')


@dataclass(frozen=True)
class Query:
    """What is looked for.

    Args:
        search: For the store.
        fields: Values by field, as they were written.
        words: What is to be found anywhere.
    """

    search: Search = field(default_factory=Search)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query as it is written, always the same way.

        Example:
            >>> read("10.0.0.5   severity:critical,high", 0.0).text
            'severity:critical,high 10.0.0.5'
        """
        return written(self.fields, self.words)

    def with_(self, name: str, value: str) -> str:
        """Return the text of this query with one field set."""
        return written({**self.fields, name: (value,)}, self.words)


def written(fields: Mapping[str, Iterable[str]], words: Iterable[str] = ()) -> str:
    """Write a query."""
    pieces = [
        f"{name}:{','.join(map(_quoted, values))}"
        for name in FIELDS if (values := [one for one in fields.get(name, ()) if one])
    ]  # fmt: skip
    return " ".join([*pieces, *map(_quoted, words)])


def read(text: str, now_s: float) -> Query:
    """Read a query.

    Args:
        text: As somebody wrote it.
        now_s: The time, s since the epoch, that spans are before.

    Raises:
        ConfigError: With everything that is wrong, each with its place.
    """
    if len(text) > LONGEST:
        raise ConfigError(f"query: {len(text)} characters; at most {LONGEST}")
    reading = _Reading(now_s)
    fields: dict[str, list[str]] = {}
    words: list[str] = []
    for at, name, values in _pieces(text, reading.problems):
        if not name:
            words += values
        elif name not in FIELDS:
            reading.wrong(at, f"'{name}' is no field; {alternatives(name, FIELDS)}; a word with a colon needs quotes")
        else:
            known = fields.setdefault(name, [])
            known += [one for value in values if (one := reading.value(at, name, value)) and one not in known]
    for name in ONE:
        if len(fields.get(name, ())) > 1:
            reading.problems.append(f"query: {name} is given {len(fields[name])} times; give it once")
    many = [name for name, values in {**fields, "words": words}.items() if len(values) > MOST_VALUES]
    reading.problems += [f"query: more than {MOST_VALUES} of {name}" for name in many]
    if reading.problems:
        raise ConfigError(reading.problems)
    return Query(reading.search(fields, words), {name: tuple(values) for name, values in fields.items()}, tuple(words))


def _pieces(text: str, problems: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _PIECE.match(text, at)
        if not found:
            problems.append(f"query, character {at + 1}: a quote is not closed")
            return
        if found[1] and found[1].lower() not in FIELDS and bits(found[0]) is not None:  # abcd::1
            yield at, "", [found[0]]
            at = found.end()
            continue
        end, values = found.end(), [found[2]]
        while (more := re.compile(r',("[^"]*"|[^\s",]+)').match(text, end)) and (found[1] or values[0][:1] == '"'):
            values.append(more[1])
            end = more.end()
        if found[1]:
            values = [one for value in values for one in (value.split(",") if value[:1] != '"' else [value])]
        yield at, (found[1] or "").lower(), [plain for value in values if (plain := inert(value.strip('"').strip()))]
        at = end


@dataclass
class _Reading:
    now_s: float
    problems: list[str] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)

    def wrong(self, at: int, what: str) -> None:
        self.problems.append(f"query, character {at + 1}: {what}")

    def value(self, at: int, name: str, value: str) -> str:
        """Return a value as it is kept, or "" after saying what is wrong with it."""
        check = _CHECKS.get(name)
        if name in {"since", "until"}:
            found = _time(value, self.now_s)
            if found is None:
                self.wrong(at, f"{name}:{value[:40]} is no time; write 2026-11-22, 2026-11-22T10:30 or a span like 24h")
                return ""
            self.times[name] = found
        elif check and (problem := check(value)):
            self.wrong(at, f"{name}:{value[:40]} {problem}")
            return ""
        return value.lower() if name in {"family", "severity", "state", "id"} else value

    def search(self, fields: Mapping[str, list[str]], words: Iterable[str]) -> Search:
        def of(name: str) -> tuple[str, ...]:
            return tuple(fields.get(name, ()))

        return Search(
            devices=tuple(one for one in of("device") if not meant_as_network(one)),
            networks=tuple(filter(meant_as_network, of("device"))),
            families=of("family"),
            severities=of("severity"),
            states=of("state"),
            since_s=self.times.get("since"),
            until_s=self.times.get("until"),
            least_score=float(fields["score"][0]) if fields.get("score") else 0.0,
            address=fields["address"][0] if fields.get("address") else None,
            ids=of("id"),
            rules=of("rule"),
            ports=tuple(map(int, fields.get("port", ()))),
            domains=of("domain"),
            hours=tuple(int((_hour_s(one) or 0) // HOUR_S) for one in of("hour")),
            words=tuple(words),
        )


def _time(value: str, now_s: float) -> float | None:
    if span := _SPAN.fullmatch(value):
        return now_s - int(span[1]) * _UNITS[span[2]]
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def hour_text(begins_s: float) -> str:
    """Return an hour as a query has it.

    Example:
        >>> hour_text(3_600.0)
        '1970-01-01T01'
    """
    return datetime.fromtimestamp(begins_s, UTC).strftime(_HOUR)


def minute_text(at_s: float) -> str:
    """Return a time as `since` and `until` have it, to the minute before.

    Example:
        >>> minute_text(90.0)
        '1970-01-01T00:01'
    """
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M")


def _hour_s(value: str) -> float | None:
    try:
        return datetime.strptime(value.upper(), _HOUR).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _hour(value: str) -> str:
    return "is no hour; write 2026-11-22T10" if _hour_s(value) is None else ""


def _among(allowed: Iterable[str]) -> Callable[[str], str]:
    names = tuple(allowed)
    return lambda value: "" if value.lower() in names else f"is none; {alternatives(value, names)}"


def _port(value: str) -> str:
    whole = value.isascii() and value.isdigit() and len(value) <= 5
    return "" if whole and 0 <= int(value) <= 65_535 else "is no port; give 0 to 65535"


def _score(value: str) -> str:
    return "" if re.fullmatch(r"0(\.[0-9]{1,9})?|1(\.0{1,9})?|\.[0-9]{1,9}", value) else "is no score; give 0 to 1"


def _address(value: str) -> str:
    if meant_as_network(value):
        return "is no IP address; of a network, device: finds who acted"
    return "" if bits(value) is not None else "is no IP address"


def wrong_network(value: str) -> str:
    """Say what is wrong with a network; "" if nothing is, or if none is meant.

    Example:
        >>> wrong_network("10.0.0.0/33")
        'is no network; write one like 10.0.0.0/24 or 2001:db8::/32'
    """
    try:
        if meant_as_network(value):
            network(value)
    except ValueError:
        return "is no network; write one like 10.0.0.0/24 or 2001:db8::/32"
    return ""


_CHECKS: dict[str, Callable[[str], str]] = {
    "severity": _among(SEVERITIES),
    "state": _among(STATES),
    "port": _port,
    "score": _score,
    "device": wrong_network,
    "address": _address,
    "hour": _hour,
}


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else f'"{value}"'
