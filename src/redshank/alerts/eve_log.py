"""Alerts read back from an EVE file, as it grows and is rotated.

In: a file that the sink `eve` appends to; other programs' lines may stand in it too, or anything else. Out: our alerts,
with the flow that the line told, in the order in which they were written. A line that is none of ours, or is damaged,
is passed over.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any

from redshank.core.records import SEVERITIES, Alert, Evidence
from redshank.flows.records.follow import Growing, plain

OURS = b'"redshank_id"'


class EveLog:
    """Reads a file as it grows.

    Args:
        path: The file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        known = [plain(file) for file in _rotated(path)]
        self._log = Growing(path, lambda: _rotated(path), known, lambda _, __: None, history=False)

    def read(self) -> Iterator[Alert]:
        """Give the alerts that are new.

        Raises:
            SourceError: If the file is there and cannot be read.
        """
        while (piece := self._log.read()) is not None:
            for line in piece.rows.splitlines():
                if (alert := from_line(line)) is not None:
                    yield alert

    def close(self) -> None:
        """Read no more."""
        self._log.close()


def from_line(line: bytes) -> Alert | None:
    """Return the alert that a line of EVE tells; None if it tells none of ours.

    Example:
        >>> from_line(b'{"event_type": "stats"}') is None
        True
    """
    if OURS not in line:
        return None
    try:
        return _alert(json.loads(line))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return None


def _alert(event: dict[str, Any]) -> Alert:
    told = event["alert"]["metadata"]
    severity = _text(told, "redshank_severity")
    if severity not in SEVERITIES:
        raise ValueError(severity)
    p_value = float(_text(told, "flow_p_value")) if "flow_p_value" in told else None
    flow = _flow(event, float(_text(told, "score")), p_value) if "flow_id" in event else None
    return Alert(
        id=_text(told, "redshank_id"),
        device=_text(told, "device"),
        family=_text(told, "family"),
        severity=severity,
        first_seen_s=_time(_text(told, "first_seen")),
        last_seen_s=_time(_text(told, "last_seen")),
        measure=_text(told, "measure"),
        bundle=_text(told, "bundle"),
        evidence=(flow,) if flow else (),
        over=_text(told, "over") == "true",
        count=int(_text(told, "count")),
        target_count=int(_text(told, "target_count")),
        revision=int(_text(told, "revision")),
        score=float(_text(told, "score")),
        targets=_texts(told, "targets"),
        detectors=_texts(told, "detectors"),
        rules=_texts(told, "rules"),
        reasons=_texts(told, "reasons"),
        techniques=_texts(told, "techniques"),
    )


def _flow(event: dict[str, Any], score: float, p_value: float | None) -> Evidence:
    ports = {name: event.get(name) for name in ("src_port", "dest_port")}
    addresses = {name: event.get(name, "") for name in ("src_ip", "dest_ip", "community_id", "proto")}
    if not all(isinstance(text, str) for text in addresses.values()):
        raise TypeError
    return Evidence(
        uid=str(int(event["flow_id"])),
        ts_s=_time(event["timestamp"]),
        src_ip=addresses["src_ip"],
        src_port=None if ports["src_port"] is None else int(ports["src_port"]),
        dst_ip=addresses["dest_ip"],
        dst_port=None if ports["dest_port"] is None else int(ports["dest_port"]),
        proto=addresses["proto"].lower(),
        community_id=addresses["community_id"] or None,
        score=score,
        p_value=p_value,
    )


def _texts(told: dict[str, Any], name: str) -> tuple[str, ...]:
    found = told[name]
    if not (isinstance(found, list) and all(isinstance(text, str) for text in found)):
        raise TypeError(name)
    return tuple(found)


def _text(told: dict[str, Any], name: str) -> str:
    return _texts(told, name)[0]


def _time(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def _rotated(path: Path) -> list[Path]:
    """Return files that this one was before, the oldest first."""
    found = [file for file in path.parent.glob(f"{escape(path.stem)}*") if file != path and file.is_file()]
    return sorted(found, key=lambda file: file.stat().st_mtime)
