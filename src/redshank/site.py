"""Make from the settings what a service is wired of, and find every mistake before anything runs.

In: `Settings`. Out: detectors, sinks, what responds; the sources are made in `feeds.py`. The one idea: `redshank check`
and `redshank run` make the same things by the same functions, so what was checked is what runs.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from redshank.alerts.group import GroupSettings
from redshank.alerts.peer import secret
from redshank.alerts.severity import FAMILIES, UNKNOWN
from redshank.alerts.sink import SINKS, Sink
from redshank.config import KIND, Detect, Settings
from redshank.core.bundle import Bundle
from redshank.core.configured import configured, made_of
from redshank.core.errors import BundleError, ConfigError, RedshankError
from redshank.core.metrics import Metrics
from redshank.core.metrics_server import address as metrics_address
from redshank.core.prefix import bits
from redshank.core.problems import Problems
from redshank.core.registry import alternatives
from redshank.detect.default import ANOMALY as HABITS
from redshank.detect.default import default_bundle
from redshank.detect.detector import DETECTORS, Detector
from redshank.detect.detectors.anomaly import Anomaly
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.detectors.signatures import Signatures
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.served import Served
from redshank.detect.shelf import Shelf
from redshank.detect.sigma.rule import ANY_ATTACK
from redshank.detect.unlearned import Unlearned
from redshank.respond.backend import BACKENDS, Backend
from redshank.respond.policy import DEFAULT, Policy, Rule
from redshank.respond.protected import named
from redshank.respond.states import Breaker
from redshank.store.address import address as store_address

CLASSIFIER = "classifier"
"""The detector whose settings stand under [detect]."""
ANOMALY = "anomaly"
"""The detector whose bundle stands under [detectors.anomaly]."""
UNLEARNED = (
    "it says nothing, because it has not learnt this network; `redshank learn` makes a bundle of it, to be named as "
    "detectors.anomaly.bundle (detectors.anomaly.shipped = true lets the one of the lab's homes judge)"
)
"""Why that detector says nothing before."""
SIGNATURES = "signatures"
"""The detector whose rules have names."""
STATISTICAL = (CLASSIFIER, ANOMALY)
"""Detectors that share the false-alarm rate; a rule has none."""


def sinks(settings: Settings) -> dict[str, Sink]:
    """Return the sinks by name.

    Raises:
        ConfigError: If one cannot be made; all at once.
    """
    problems = Problems()
    made = {}
    for name, values in settings.sinks.items():
        where = f"sinks.{name}"
        kind = values.get(KIND, name)
        if not isinstance(kind, str) or kind not in SINKS.names():
            known = ", ".join(SINKS.names())
            problems.lines.append(
                f"{where}: {str(kind)[:40]!r} is no sink; there are {known}; with another name of the table, name one "
                f"as {KIND}"
            )
            continue
        rest = {key: value for key, value in values.items() if key != KIND}
        sink = problems.attempt(partial(configured, SINKS, kind, rest, where))
        if sink is not None:
            made[name] = sink
    problems.end()
    return made


def detectors(settings: Settings, metrics: Metrics) -> list[Detector]:
    """Return the detectors, each with its share of the false-alarm rate.

    Raises:
        ConfigError: If one cannot be made; all at once.
    """
    problems = Problems()
    chosen = settings.detect
    made: list[Detector] = []
    judging = {name for name in STATISTICAL if name in chosen.detectors}
    habits = problems.attempt(lambda: _anomaly_settings(settings)) if ANOMALY in judging else None
    if habits and not _may_judge(habits):
        judging.discard(ANOMALY)  # who says nothing raises no false alarm
    sharing = max(1, len(judging))
    groups = problems.attempt(lambda: device_groups(settings)) or DeviceGroups()
    for name in dict.fromkeys(chosen.detectors):
        values = settings.detectors.get(name, {})
        found: Detector | None
        if name == CLASSIFIER:
            found = problems.attempt(lambda: _classifier(chosen, sharing, groups, metrics))
        elif name == ANOMALY:
            # What is wrong with its table is told already.
            found = (
                problems.attempt(partial(_anomaly, habits, chosen.false_alarm_rate, sharing, groups, metrics))
                if habits
                else None
            )
        else:
            found = problems.attempt(
                partial(configured, DETECTORS, name, values, f"detectors.{name}", "detect.detectors")
            )
        if found is not None:
            made.append(found)
    if CLASSIFIER in settings.detectors:
        problems.lines.append(f"detectors.{CLASSIFIER}: its settings stand in the table [detect]; move them there")
    problems.lines += [
        f"detectors.{name}: not among detect.detectors, {list(chosen.detectors)}; add it there, or remove the table"
        for name in settings.detectors
        if name not in {*chosen.detectors, CLASSIFIER}
    ]
    problems.end()
    return made


def strange(settings: Settings, family: str | None, rule: str | None) -> list[str]:
    """Say which of two names nothing that judges with these settings tells: it is misspelt, or is yet to come.

    Args:
        settings: Of everything; if they are wrong nothing is said, for others say so.
        family: Of an alert; None: not asked.
        rule: Of a signature; None: not asked.
    """
    table = settings.detectors.get(SIGNATURES, {})
    try:
        signatures = configured(DETECTORS, SIGNATURES, table, f"detectors.{SIGNATURES}")
        shelf, bundle = settings.detect.models, settings.detect.bundle or default_bundle()
        learnt = () if shelf or not family else Bundle.load(bundle).manifest.classes[1:]
    except RedshankError:
        return []
    assert isinstance(signatures, Signatures)
    families = {*FAMILIES, UNKNOWN, ANY_ATTACK, *signatures.families, *learnt}
    rules = {one.name for one in signatures.rules}
    found = []
    if family and family not in families and not shelf:
        found.append(f"family: nothing here tells of '{family}'; {alternatives(family, sorted(families))}")
    if rule and rule not in rules:
        near = alternatives(rule, sorted(rules)).partition("(")[0]
        found.append(f"rule: none is called '{rule}' here; {near}`redshank rules list` has those that ship")
    return found


def policy(settings: Settings) -> Policy:
    """Return the table of what to do about an alert.

    Raises:
        ConfigError: With every mistake in it.
    """
    chosen, problems = settings.respond, Problems()
    rules = [problems.attempt(partial(rule, values, number)) for number, values in enumerate(chosen.rules)]
    made = problems.attempt(
        lambda: Policy(
            rules=tuple(one for one in rules if one) or DEFAULT,
            repeats=chosen.repeats,
            repeat_s=chosen.repeat_s,
            model_alone=chosen.model_alone,
            fresh_s=chosen.fresh_s,
            ladder_s=chosen.ladder_s,
            devices=chosen.devices,
        )
    )
    problems.end()
    assert made is not None
    return made


def rule(values: Mapping[str, Any], number: int) -> Rule:
    """Return one line of that table; its errors say which."""
    where = f"respond.rules.{number}"
    try:
        return made_of(Rule, values, where)
    except ConfigError as error:  # a rule does not know which of them it is
        told = (problem.removeprefix(f"{where}.").removeprefix("respond.rules.") for problem in error.problems)
        raise ConfigError(f"{where}.{problem}" for problem in told) from None


def breaker(settings: Settings) -> Breaker:
    """Return what bounds how much may happen at once."""
    return made_of(Breaker, settings.respond.breaker, "respond.breaker")


def backend(settings: Settings) -> Backend:
    """Return what carries actions out.

    Raises:
        ConfigError: If it cannot be made, or a table is for none or wrong, also of one that is not chosen; all at once.
    """
    name, problems = settings.respond.backend, Problems()
    tables = {name: settings.backends.get(name, {}), **settings.backends}
    made = {
        one: problems.attempt(
            partial(configured, BACKENDS, one, values, f"backends.{one}", "respond.backend" if one == name else "")
        )
        for one, values in tables.items()
    }
    problems.end()
    found = made[name]
    assert found is not None
    return found


def named_backend(settings: Settings, name: str) -> Backend:
    """Return a backend as the settings have it, whether or not it is the one chosen.

    Raises:
        ConfigError: If it cannot be made.
    """
    return configured(BACKENDS, name, settings.backends.get(name, {}), f"backends.{name}", "backend")


def protected(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return what the settings add to the never-block list, each with its reason.

    Beside what they name these are the machines that a service itself talks to: without the broker nobody hears of an
    alert. Here are only those given as an address; `called` gives the others.
    """
    own = ((host, reason) for host, reason in peers(settings) if bits(host) is not None)
    return (*named(settings.respond.protect, "respond.protect", "settings"), *own)


def called(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the machines that a service talks to by name, each with its reason; `respond.names` looks them up."""
    return tuple((host, reason) for host, reason in peers(settings) if host != "localhost" and bits(host) is None)


def peers(settings: Settings) -> Iterator[tuple[str, str]]:
    """Give the machines that a service talks to, as the settings name them: host, and what it is."""
    for name, values in settings.sinks.items():
        host = values.get("host") or _host(_url(values))
        if host:
            yield str(host), f"peer of sink {name}"
    if host := _host(settings.store.url):
        yield host, "store"


def _url(values: Mapping[str, Any]) -> str:
    """Return the address that a sink's table gives, also one that is kept as a secret."""
    if url := values.get("url"):
        return str(url)
    file = values.get("url_file")
    try:
        return secret("url", Path(str(file)) if file else None, str(values.get("url_env", "")))
    except ConfigError:  # the sink says what is wrong with it
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # the sink says what is wrong with it
        return ""


def tables() -> dict[str, type]:
    """Return what is made of the tables of a settings file that no section names, by their headings.

    Example:
        >>> [heading for heading in tables() if "respond" in heading]
        ['[[respond.rules]]', '[respond.breaker]']
    """
    own: dict[str, type] = {f"[detectors.{ANOMALY}]": AnomalySettings}
    others = (name for name in DETECTORS.names() if name not in STATISTICAL)
    return {
        **own,
        **{f"[detectors.{name}]": DETECTORS.find(name) for name in others},
        "[[respond.rules]]": Rule,
        "[respond.breaker]": Breaker,
        **{f"[backends.{name}]": BACKENDS.find(name) for name in BACKENDS.names()},
        **{f"[sinks.{name}]": SINKS.find(name) for name in SINKS.names()},
    }


def places(settings: Settings) -> None:
    """Look at where the store and the metrics are to be; nothing is opened.

    Raises:
        ConfigError: If one of them is no place; all at once.
    """
    problems = Problems()
    problems.attempt(lambda: store_address(settings.store_place))
    if settings.service.metrics:
        problems.attempt(lambda: metrics_address(settings.service.metrics))
    problems.end()


def device_groups(settings: Settings) -> DeviceGroups:
    """Return the groups of devices that drift and traffic are told of.

    Raises:
        ConfigError: If a network is none, or there are too many groups.
    """
    try:
        return DeviceGroups(settings.detect.groups)
    except ValueError as error:
        raise ConfigError(f"detect.groups: {error}") from None


def grouping(settings: Settings) -> GroupSettings:
    """Return how verdicts become alerts in a service."""
    alerts = settings.alerts
    return GroupSettings(
        window_s=alerts.window_s,
        unknown_minimum=alerts.unknown_minimum,
        early=True,
        chance=alerts.chance,
        false_alarm_rate=settings.detect.false_alarm_rate,
        assets=alerts.assets,
    )


def _classifier(chosen: Detect, sharing: int, groups: DeviceGroups, metrics: Metrics) -> Classifier | Served:
    """Return what judges with a bundle, or with the champion of a shelf."""
    if chosen.models:
        with _told_of("detect.models"):
            return Served(Shelf(chosen.models), chosen.false_alarm_rate, sharing, groups, metrics)
    with _told_of("detect.bundle" if chosen.bundle else ""):
        bundle = Bundle.load(chosen.bundle or default_bundle())
        return Classifier(bundle, chosen.false_alarm_rate, sharing, groups, metrics)


@contextmanager
def _told_of(setting: str) -> Iterator[None]:
    """Say which setting names a bundle that is wrong; none if it is the one that ships."""
    try:
        yield
    except BundleError as error:
        raise BundleError(f"{setting}: {error}" if setting else str(error)) from None


@dataclass(frozen=True)
class AnomalySettings:
    """Tell flows that are unlike what is usual on a network, as a bundle learnt it.

    Args:
        bundle: Folder of a bundle that `redshank learn` made of this network; without one the detector says nothing.
        shipped: Whether the bundle that ships may judge if there is no other. It knows the lab's homes and no other
            network, and raises false alarms elsewhere.
        warm_up: Flows in a row that must look like what the bundle knows before it judges; 0: it judges at once.
    """

    bundle: Path | None = None
    shipped: bool = False
    warm_up: Annotated[int, Field(ge=0, le=1_000_000)] = 200


def _anomaly_settings(settings: Settings) -> AnomalySettings:
    return made_of(AnomalySettings, settings.detectors.get(ANOMALY, {}), f"detectors.{ANOMALY}")


def _anomaly(
    chosen: AnomalySettings, rate: float, sharing: int, groups: DeviceGroups, metrics: Metrics
) -> Anomaly | Unlearned:
    if not _may_judge(chosen):
        return Unlearned(ANOMALY, UNLEARNED)
    with _told_of(f"detectors.{ANOMALY}.bundle" if chosen.bundle else ""):
        bundle = Bundle.load(chosen.bundle or default_bundle(HABITS))
        return Anomaly(bundle, rate, sharing, chosen.warm_up, groups, metrics)


def _may_judge(chosen: AnomalySettings) -> bool:
    return chosen.bundle is not None or chosen.shipped
