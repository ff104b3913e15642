"""Alerts and flows of evidence, read again by a program that may be newer than the one that wrote them.

In: JSON that the store keeps. Out: records. The one idea: a field that a record did not have yet is what it is by
default; a field that it has no more is left out.
"""

import json
from dataclasses import MISSING, fields

from redshank.core.records import Alert, Evidence

_ALERT = {field.name: field.default for field in fields(Alert)}
_EVIDENCE = {field.name for field in fields(Evidence)}


def read_alert(text: str) -> Alert:
    """Return the alert that `Alert.to_json` wrote, now or before it had all its fields."""
    try:
        return Alert.from_json(text)
    except (TypeError, ValueError):  # other fields than today's
        values = json.loads(text)
    values["evidence"] = [{name: one[name] for name in one if name in _EVIDENCE} for one in values["evidence"]]
    known = {name: values.get(name, default) for name, default in _ALERT.items()}
    return Alert.from_json(json.dumps({name: value for name, value in known.items() if value is not MISSING}))


def read_evidence(text: str) -> Evidence:
    """Return a flow of evidence that was written as JSON."""
    return Evidence(**{name: value for name, value in json.loads(text).items() if name in _EVIDENCE})
