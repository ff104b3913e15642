"""Alert, Label and Action: the records that a person reads and writes, with a JSON round trip.

Objects begin here: what flows through the stages before is columns (`core/schema.py`). Times are seconds since the
epoch: packet time of what was seen, the clock's of what a person did.
"""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SEVERITIES = ("low", "medium", "high", "critical")
MEASURES = ("notify", "rate_limit", "block", "isolate")
"""What an action can be: tell a person, slow down, drop what an address sends, cut a device off."""
UNSURE = "unsure"
"""The answer of somebody who cannot tell; it is no family."""
FAMILY_NAME = re.compile("[a-z][a-z0-9_]*")
ID_DIGITS = 16


@dataclass(frozen=True)
class Evidence:
    """One flow behind an alert.

    Args:
        uid: The flow.
        ts_s: Its first packet.
        src_ip, src_port, dst_ip, dst_port, proto: As in FLOW.
        community_id: Community ID v1, to find the flow in other tools.
        score: Its calibrated score.
        src_mac: Link-layer address that the first packet came from.
        domain: What was asked for: the name in the DNS query, in TLS (SNI) or as HTTP host, the first that is there.
        p_value: Of its verdict, against the hypothesis that it is benign: the share of benign calibration flows that
            are at least as suspicious to the models; None where no model gives one, as for what only a rule judged.
    """

    uid: str
    ts_s: float
    src_ip: str
    src_port: int | None
    dst_ip: str
    dst_port: int | None
    proto: str
    community_id: str | None
    score: float
    src_mac: str | None = None
    domain: str | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Alert:
    """What one device did, of one family, in one time window.

    Args:
        id: Stable fingerprint: the same device, family and window give the same id.
        device: Address of the device that acted.
        family: Attack family, or "unknown".
        severity: One of SEVERITIES.
        first_seen_s, last_seen_s: Packet time of the first and last flow.
        count: Flows in the group; `evidence` holds only the first and strongest of them.
        score: Highest calibrated score in the group, 0 to 1.
        targets: Addresses that were acted on, most often first, capped.
        target_count: How many distinct targets were counted; past a bound there were more.
        measure: What to do about it, in words.
        bundle: Name of the model bundle that judged.
        evidence: Some of the flows.
        detectors: Who raised the alarm, in the order of the alphabet: what a model thinks and what a rule saw stay
            apart.
        rules: Signature rules that were hit, most often first, capped.
        reasons: What carried the verdicts: of each rule told one, of each column, and what known flows are like it;
            most often first, capped. What differs from flow to flow is told as of the strongest flow.
        techniques: MITRE ATT&CK technique ids that its rules are tagged with and that fit the family, those of the
            enterprise matrix first.
        revision: How often the alert was told before; it grows while the device goes on.
        over: Whether the window is closed, so that no revision follows.
    """

    id: str
    device: str
    family: str
    severity: str
    first_seen_s: float
    last_seen_s: float
    count: int
    score: float
    targets: tuple[str, ...]
    target_count: int
    measure: str
    bundle: str
    evidence: tuple[Evidence, ...]
    detectors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    revision: int = 0
    over: bool = True

    def to_json(self) -> str:
        """Return the alert as one line of JSON."""
        return json.dumps(vars(self), default=vars, sort_keys=True)  # `asdict` copies, and takes most of the time

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild an alert from `to_json`.

        Raises:
            ValueError: If a key does not belong or is missing; it is named.
        """
        values = read_record(cls, text)
        for name in ("targets", "detectors", "rules", "reasons", "techniques"):
            values[name] = tuple(values[name])
        values["evidence"] = tuple(Evidence(**item) for item in values["evidence"])
        return cls(**values)


@dataclass(frozen=True)
class Label:
    """What a person said of one flow, once and for good: an answer, a correction or a withdrawal.

    A record never changes. A correction is an answer that is `about` an earlier one, a withdrawal is about one and has
    no family; `store/history.py` says what holds in the end.

    Args:
        id: Digest of the rest: the same thing said twice is one record. `Label.of` makes it.
        question: The question that was answered.
        uid: The flow.
        family: A family, "benign", "unsure", or None for a withdrawal.
        annotator: Who said so.
        given_at_s: When, by the clock.
        origin: Through what it came: "terminal", "file", "console", ...
        evidence: What it rests on: free text, or the id of an alert.
        expires_at_s: From when on it says nothing; None: never.
        about: The label that it corrects or withdraws.

    Raises:
        ValueError: If a family is no name, a withdrawal is about nothing, a time is not finite, or nobody said it.
    """

    id: str
    question: str
    uid: str
    family: str | None
    annotator: str
    given_at_s: float
    origin: str
    evidence: str = ""
    expires_at_s: float | None = None
    about: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be read again as what it was meant to be."""
        if self.family is not None and not FAMILY_NAME.fullmatch(self.family):
            raise ValueError(f"family: {self.family[:40]!r} is no name; use small letters, digits and underscores")
        if self.family is None and self.about is None:
            raise ValueError("family: none given; only a withdrawal has none, and names the label that it is about")
        if not self.annotator.strip():
            raise ValueError("annotator: nobody is named; say who answers")
        if not (math.isfinite(self.given_at_s) and math.isfinite(self.expires_at_s or 0.0)):
            raise ValueError(f"label of {self.annotator}: given at {self.given_at_s}, to expire at {self.expires_at_s}")

    @classmethod
    def of(
        cls,
        question: str,
        uid: str,
        family: str | None,
        annotator: str,
        given_at_s: float,
        origin: str,
        *,
        evidence: str = "",
        expires_at_s: float | None = None,
        about: str | None = None,
    ) -> Self:
        """Make a label and its id; arguments as of the class.

        Example:
            >>> Label.of("q1", "C1", "benign", "ana", 1.7e9, "terminal").kind
            'answer'
        """
        label = cls("", question, uid, family, annotator, given_at_s, origin, evidence, expires_at_s, about)
        return replace(label, id=hashlib.sha256(label.to_json().encode()).hexdigest()[:ID_DIGITS])

    @property
    def kind(self) -> str:
        """Tell whether it is an answer, a correction or a withdrawal."""
        if self.family is None:
            return "withdrawal"
        return "answer" if self.about is None else "correction"

    def to_json(self) -> str:
        """Return the label as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a label from `to_json`.

        Raises:
            ValueError: If a key does not belong or is missing; it is named.
        """
        return cls(**read_record(cls, text))


@dataclass(frozen=True)
class Action:
    """What is to be done against one address, and until when.

    A record never changes; what became of it stands in the ledger (`respond/ledger.py`).

    Args:
        id: Digest of the rest. `Action.of` makes it.
        measure: One of MEASURES, each harder than the one before.
        target: IP address, or the link-layer address of a device to isolate.
        ttl_s: How long it holds once applied, above 0; the kernel lifts it even if nobody does.
        reason: Why, in words.
        by: Who wants it: "policy", or a person.
        at_s: When it was proposed, by the clock.
        alert: The alert that it answers, or "".

    Raises:
        ValueError: If the measure is none, or it would hold forever.
    """

    id: str
    measure: str
    target: str
    ttl_s: float
    reason: str
    by: str
    at_s: float
    alert: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be carried out as it was meant."""
        if self.measure not in MEASURES:
            raise ValueError(f"measure: {self.measure[:40]!r} is none; allowed are {', '.join(MEASURES)}")
        if not (math.isfinite(self.ttl_s) and self.ttl_s > 0):
            raise ValueError(f"ttl_s: {self.ttl_s} is no time to live; give seconds above 0")

    @classmethod
    def of(cls, measure: str, target: str, ttl_s: float, reason: str, by: str, at_s: float, *, alert: str = "") -> Self:
        """Make an action and its id; arguments as of the class.

        Example:
            >>> Action.of("block", "10.0.0.66", 600.0, "guesses passwords", "policy", 1.7e9).measure
            'block'
        """
        action = cls("", measure, target, ttl_s, reason, by, at_s, alert)
        return replace(action, id=hashlib.sha256(action.to_json().encode()).hexdigest()[:ID_DIGITS])

    def to_json(self) -> str:
        """Return the action as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild an action from `to_json`.

        Raises:
            ValueError: If a key does not belong or is missing; it is named.
        """
        return cls(**read_record(cls, text))


def read_record(record: "type[DataclassInstance]", text: str) -> dict[str, Any]:
    """Read the fields of a record from one line of JSON.

    Raises:
        ValueError: If a key does not belong or is missing; it is named.
    """
    values: dict[str, Any] = json.loads(text)
    known = {field.name for field in fields(record)}
    if set(values) != known:
        raise ValueError(f"{record.__name__}: keys that do not fit: {', '.join(sorted(set(values) ^ known))}")
    return values
