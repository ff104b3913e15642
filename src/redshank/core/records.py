"""Alert: the record that a person looks at, with a JSON round trip.

Objects begin here: what flows through the stages before is columns (`core/schema.py`). Times are seconds since the
epoch, packet time.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

SEVERITIES = ("low", "medium", "high", "critical")


@dataclass(frozen=True)
class Evidence:
    """One flow behind an alert.

    Args:
        uid: The flow.
        ts_s: Its first packet.
        src_ip, src_port, dst_ip, dst_port, proto: As in FLOW.
        community_id: Community ID v1, to find the flow in other tools.
        score: Its calibrated score.
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
        target_count: How many distinct targets there were.
        measure: What to do about it, in words.
        bundle: Name of the model bundle that judged.
        evidence: Some of the flows.
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

    def to_json(self) -> str:
        """Return the alert as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild an alert from `to_json`.

        Raises:
            ValueError: If a key does not belong or is missing; it is named.
        """
        values: dict[str, Any] = json.loads(text)
        known = {field.name for field in fields(cls)}
        if set(values) != known:
            raise ValueError(f"Alert: keys that do not fit: {', '.join(sorted(set(values) ^ known))}")
        values["targets"] = tuple(values["targets"])
        values["evidence"] = tuple(Evidence(**item) for item in values["evidence"])
        return cls(**values)
