"""What a shelf has in service, as a detector that follows it, and the shadow beside it.

In: FLOW batches. Out: the champion's verdicts. The one idea: before each batch two calls of `stat` tell whether another
bundle was put in service; then it is loaded whole and takes over, between two batches and without a restart. A bundle
that cannot be loaded changes nothing: the old one goes on, and the event is named and counted. The shadow judges the
same flows; its verdicts go nowhere, but who of the two raised an alarm is counted, by family.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import BundleError, ConfigError
from redshank.core.metrics import Metrics
from redshank.detect.agreed import Agreed, OfFamily
from redshank.detect.detector import Detector, Seen
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Compared, Moved
from redshank.detect.shelf import CHAMPION, SHADOW, Shelf
from redshank.flows.ended import ended

SWITCHED, REFUSED, FAILED = "switched", "refused", "failed"
BOTH, ONLY_CHAMPION, ONLY_SHADOW = "both", "only champion", "only shadow"
RENAMED = "renamed"
"""Of those of both: the shadow calls it otherwise."""
UNKNOWN = "unknown"

_log = logging.getLogger(__name__)


class Served(Detector):
    """The champion of a shelf.

    Args:
        shelf: The shelf.
        false_alarm_rate: As of `Classifier`, for every bundle that is put in service.
        sharing: As of `Classifier`.
        groups: As of `Classifier`.
        metrics: Counted into, if given.

    Attributes:
        events: By name, for example "champion_switched" or "shadow_refused": how often.
        flows: Flows that this champion and this shadow both judged, each once, at its end.
        alarms: Of these, by who raised an alarm and the family: how many; what is RENAMED is among those of BOTH.

    Raises:
        ConfigError: If the shelf has no champion.
        BundleError: If that cannot be loaded.
    """

    def __init__(
        self,
        shelf: Shelf,
        false_alarm_rate: float = 0.01,
        sharing: int = 1,
        groups: DeviceGroups | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._shelf, self._rate, self._sharing, self._groups = shelf, false_alarm_rate, sharing, groups
        self._metrics = metrics or Metrics()
        self.events: Counter[str] = Counter()
        self.flows = 0
        self.alarms: Counter[tuple[str, str]] = Counter()
        self._stamp = shelf.stamp()
        name = shelf.champion()
        if name is None:
            raise ConfigError(
                f"{shelf.folder}: no bundle is in service; put one in service with `redshank models promote`"
            )
        self.name = name
        self._champion = Classifier(shelf.load(name), false_alarm_rate, sharing, groups, self._metrics)
        self.shadow: str | None = None
        self._beside: Classifier | None = None
        self._pair: Agreed | None = None
        self._follow_shadow()

    @property
    def false_alarm_rate(self) -> str:
        """The rate in force, as `Classifier` has it."""
        return self._champion.false_alarm_rate

    @property
    def forgotten(self) -> Mapping[str, int]:
        """See `Detector.forgotten`; of the champion."""
        return self._champion.forgotten

    @property
    def families(self) -> Sequence[str]:
        """Of the champion; see `Detector.families`."""
        return self._champion.families

    @property
    def bundles(self) -> Mapping[str, str]:
        """The champion; see `Detector.bundles`."""
        return self._champion.bundles

    @property
    def fingerprint(self) -> str:
        """See `Detector.fingerprint`."""
        return self._champion.fingerprint

    @property
    def seen(self) -> Seen | None:
        """See `Detector.seen`; of the champion."""
        return self._champion.seen

    @property
    def compares(self) -> bool:
        """See `Detector.compares`; of the champion."""
        return self._champion.compares

    def compared(self) -> Sequence[Compared]:
        """See `Detector.compared`; of the champion, from when it took over."""
        return self._champion.compared()

    @property
    def moved(self) -> Mapping[str, Moved]:
        """See `Detector.moved`; of the champion."""
        return self._champion.moved

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        """Judge each flow with the bundle that is in service when the batch begins; see `Detector.judge`."""
        stamp = self._shelf.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._follow_champion()
            self._follow_shadow()
        verdicts = self._champion.judge(flows)
        if self._beside is not None:
            try:
                self._compare(flows, verdicts, self._beside.judge(flows))
            except BundleError as error:
                self._beside = None
                self._tell(f"{SHADOW}_{FAILED}", f"{error}; it no longer judges")
        return verdicts

    @property
    def agreed(self) -> Agreed | None:
        """See `Detector.agreed`."""
        families = (
            OfFamily(family, *(self.alarms[who, family] for who in (BOTH, RENAMED, ONLY_CHAMPION, ONLY_SHADOW)))
            for family in sorted({family for _, family in self.alarms})
        )
        return self._pair and replace(self._pair, flows=self.flows, families=tuple(families))

    def agreement(self) -> Iterator[dict[str, str | int]]:
        """Give a row for each family, as `OfFamily` has it."""
        yield from (asdict(one) for one in (self.agreed.families if self.agreed else ()))

    def _follow_champion(self) -> None:
        name = self._shelf.champion()
        if name == self.name:
            return
        found = self._load(CHAMPION, name)
        if found is not None:
            found.goes_on_from(self._champion)
            self._tell(f"{CHAMPION}_{SWITCHED}", f"{found.name} takes over from {self.name}", level=logging.INFO)
            self._champion, self.name = found, str(name)
            self._begin_anew()

    def _follow_shadow(self) -> None:
        name = self._shelf.shadow()
        if name != self.shadow:
            self.shadow = name
            self._beside = None if name is None else self._load(SHADOW, name)
            self._begin_anew()

    def _begin_anew(self) -> None:
        self.flows = 0
        self.alarms.clear()
        self._pair = None
        if self._beside is not None:
            ((champion, ours),) = self._champion.bundles.items()
            ((shadow, its),) = self._beside.bundles.items()
            self._pair = Agreed(champion, shadow, ours, its)

    def _load(self, pointer: str, name: str | None) -> Classifier | None:
        """Load a bundle; None, and an event, if that cannot be done or none is named."""
        try:
            # Drift is told of what judges, and told once.
            told = self._metrics if pointer == CHAMPION else None
            return Classifier(self._shelf.load(name or ""), self._rate, self._sharing, self._groups, told)
        except (BundleError, ConfigError) as error:
            self._tell(f"{pointer}_{REFUSED}", f"{error}; the {pointer} is not taken over")
            return None

    def _tell(self, event: str, text: str, *, level: int = logging.WARNING) -> None:
        _log.log(level, "%s: %s", event, text)
        self.events[event] += 1
        self._metrics.count("redshank_model_events_total", name=event)

    def _compare(self, flows: pa.RecordBatch, champion: pa.RecordBatch, shadow: pa.RecordBatch) -> None:
        told = pc.and_(champion.column("score").is_valid(), shadow.column("score").is_valid())
        final = pc.and_(ended(flows), told)
        self.flows += final.true_count
        old, new = (pc.and_(final, one.column("alarm").fill_null(False)) for one in (champion, shadow))
        names, others = (one.column("family").fill_null(UNKNOWN) for one in (champion, shadow))
        sides = (
            (BOTH, pc.and_(old, new), champion),
            (ONLY_CHAMPION, pc.and_not(old, new), champion),
            (ONLY_SHADOW, pc.and_not(new, old), shadow),
        )
        for who, rows, verdicts in sides:
            for one in pc.value_counts(verdicts.column("family").filter(rows)).to_pylist():
                family = one["values"] or UNKNOWN
                self.alarms[who, family] += one["counts"]
                self._metrics.count("redshank_shadow_alarms_total", one["counts"], by=who, family=family)
        renamed = pc.and_(pc.and_(old, new), pc.not_equal(names, others))
        for one in pc.value_counts(names.filter(renamed)).to_pylist():
            self.alarms[RENAMED, one["values"]] += one["counts"]
