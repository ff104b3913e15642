"""What somebody does to the shelf: retrain, ask the gate, let a bundle judge beside, roll back.

In: an account's name, and what was chosen. Out: a job that runs, or a decision on the shelf; both in the audit. The one
idea: nothing is put in service from a page but by the gate or by rolling back, and the gate is asked by the very
commands that a person would type, in a process of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redshank.console.desk import Desk
from redshank.console.facts.models import COMPARE, require_shelf, untrained
from redshank.console.jobs import Job
from redshank.core.errors import ActionError, ConfigError
from redshank.core.inert import inert
from redshank.core.registry import alternatives
from redshank.detect.shelf import Entry
from redshank.store.address import apart

METRICS = ("macro_f1", "balanced_accuracy", "accuracy", "roc_auc", "recall_at_0.01")
"""That a challenger can be asked to improve; see `active/paired.py`."""


@dataclass(frozen=True)
class Retraining:
    """How a challenger is trained.

    Args:
        metric: One of METRICS.
        hold_out: Share of the labels, the latest flows, that only measure; 0.05 to 0.95.
        weight: Of a label beside a row of the dataset; 0.01 to 1,000.
    """

    metric: str = METRICS[0]
    hold_out: float = 0.3
    weight: float = 1.0


def retrain(desk: Desk, who: str, how: Retraining) -> Job:
    """Train a challenger on what the store was told, and let the gate decide.

    Raises:
        ActionError: If another job runs, or nothing can be trained here.
        ConfigError: If there is no shelf, or nothing in service.
    """
    shelf = require_shelf(desk)
    champion = shelf.champion()
    if champion is None:
        raise ConfigError(f"{shelf.folder}: no bundle is in service; put one in service first")
    return _begin(
        desk,
        who,
        f"Retrain {champion}",
        [
            *("retrain", "--store", _store(desk), "--models", str(shelf.folder), "--metric", how.metric),
            *("--hold-out", f"{how.hold_out:g}", "--weight", f"{how.weight:g}", *_data(desk), "--json"),
        ],
    )


def ask_gate(desk: Desk, who: str, name: str, metric: str = METRICS[0]) -> Job | Entry:
    """Put a bundle in service if the gate lets it through: labels that neither was taught judge.

    Returns:
        The job that asks; or, where nothing is in service yet, the decision.

    Raises:
        ActionError: If another job runs, or nothing can be judged here.
        ConfigError: If there is no such bundle, or it is in service already.
    """
    shelf = require_shelf(desk)
    known(shelf.names(), name)
    if shelf.champion() is None:
        entry = shelf.promote(name, f"nothing was in service before ({who})")
        _noted(desk, who, entry)
        return entry
    if shelf.champion() == name:
        raise ConfigError(f"{name}: is in service already; nothing was done")
    store = ("--store", _store(desk), "--metric", metric, "--folder", str(shelf.folder), "--json")
    return _begin(desk, who, f"Ask the gate about {name}", ["models", "promote", name, *store])


def compare(desk: Desk, who: str, one: str, other: str) -> Job:
    """Judge two bundles on labels that neither was taught; nothing is decided.

    Raises:
        ActionError: If another job runs, or nothing can be judged here.
        ConfigError: If one of them is not there.
    """
    shelf = require_shelf(desk)
    for name in (one, other):
        known(shelf.names(), name)
    store = ("--store", _store(desk), "--folder", str(shelf.folder), "--json")
    return _begin(desk, who, f"Compare {other} with {one}", [*COMPARE, one, other, *store])


def measure(desk: Desk, who: str, name: str) -> Job:
    """Measure a bundle on the test part of the dataset that it was made from; see `compare`."""
    shelf = require_shelf(desk)
    known(shelf.names(), name)
    words = ["models", "measure", name, *_data(desk), "--folder", str(shelf.folder), "--json"]
    return _begin(desk, who, f"Measure {name}", words)


def draw_curve(desk: Desk, who: str) -> Job:
    """Learn from the labels so far again; see `redshank labels curve`."""
    shelf = require_shelf(desk)
    words = ["labels", "curve", "--store", _store(desk), "--models", str(shelf.folder), "--json"]
    return _begin(desk, who, "Draw the learning curve", words)


def set_shadow(desk: Desk, who: str, name: str | None) -> Entry:
    """Let a bundle judge beside the champion, without alarms; None: no bundle does.

    Raises:
        ConfigError: If there is no such bundle, or it is the champion.
    """
    shelf = require_shelf(desk)
    if name is not None:
        known(shelf.names(), name)
        if name == shelf.champion():
            raise ConfigError(f"{name}: is in service, and cannot judge beside itself; choose another bundle")
    entry = shelf.set_shadow(name, f"asked for by {who}")
    _noted(desk, who, entry)
    return entry


def roll_back(desk: Desk, who: str, why: str, present: str | None = None) -> Entry:
    """Put the champion before the present one in service again.

    Args:
        desk: What is worked on.
        who: The account.
        why: In words.
        present: The champion that they saw: a form sent twice rolls back once.

    Raises:
        ConfigError: If there was none before, or another one is in service by now.
    """
    entry = require_shelf(desk).rollback(f"{why} ({who})", present)
    _noted(desk, who, entry)
    return entry


def cancel(desk: Desk, who: str, job: str) -> Job:
    """Ask a job to end.

    Raises:
        ActionError: If it does not run.
    """
    found = desk.jobs.cancel(job, who)
    desk.audit.write(desk.now_s(), who, "job cancelled", f"job {found.id}", {"title": found.title})
    return found


def known(names: Sequence[str], name: str, what: str = "bundle") -> None:
    """Make sure that there is such a bundle, or whatever it is.

    Raises:
        ConfigError: If not.
    """
    if name not in names:
        raise ConfigError(f"{what}: no '{inert(name[:60])}'; {alternatives(name[:60], names)}")


def _begin(desk: Desk, who: str, title: str, words: Sequence[str]) -> Job:
    if why := untrained():
        raise ActionError(why)
    secret = apart(desk.settings.store_place)[1]
    job = desk.jobs.begin(title, words, who, {"REDSHANK_DATA": str(desk.settings.data.absolute()), **secret})
    desk.audit.write(desk.now_s(), who, "job begun", f"job {job.id}", {"title": title, "command": list(words)})
    return job


def _noted(desk: Desk, who: str, entry: Entry) -> None:
    detail = {"champion": entry.champion, "replaced": entry.replaced, "reason": entry.reason}
    desk.audit.write(desk.now_s(), who, f"bundle {entry.what}", entry.name or "no bundle", detail)


def _store(desk: Desk) -> str:
    return apart(desk.settings.store_place)[0]


def _data(desk: Desk) -> list[str]:
    named = desk.settings.console.training_data
    return ["--data", str(named.absolute())] if named else []
