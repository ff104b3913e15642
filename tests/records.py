"""A ready alert for tests that look at alerts."""

from redshank.core.records import Alert, Evidence


def alert(**changed: object) -> Alert:
    """Build an alert; `changed` replaces fields."""
    values: dict[str, object] = {
        "id": "00ff", "device": "10.0.0.7", "family": "scanning", "severity": "medium", "first_seen_s": 1.5,
        "last_seen_s": 2.5, "count": 3, "score": 0.97, "targets": ("10.0.0.1", "10.0.0.2"), "target_count": 2,
        "measure": "Look at it.", "bundle": "default",
        "evidence": (Evidence("C1", 1.5, "10.0.0.7", 1, "10.0.0.1", None, "tcp", None, 0.97),),
    }  # fmt: skip
    return Alert(**{**values, **changed})  # type: ignore[arg-type]
