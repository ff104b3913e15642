"""Many verdicts make one alert: one per device, family and window of packet time.

In: FLOW and VERDICT batches, in the order in which flows end. Out: Alerts. The one idea: a window closes when packet
time has passed its end by `late_s`. A flow that turns up later still (a long one, which only now ended) counts in the
oldest window that is open, so no alert comes twice; what a row counts for depends on the rows before it, never on how
they were cut into batches.

When an alert is told:

| | a capture (`early` off) | a service (`early` on) |
|---|---|---|
| first | when its window is over | with the row that makes the evidence enough |
| again, one `revision` on | never | a detector more; severity rises; `growth` times as many flows as told last |
| at last, `over` | at first | when its window is over |

(Severity is looked at with every flow up to 16, then whenever an eighth more have come.)

What evidence is enough; of a group that never has enough nothing is told, but it is counted in `unsaid`:

| `chance` | family | evidence |
|---|---|---|
| None | known | an alarm |
| None | unknown | `unknown_minimum` flows; when the window is over also one alarm that no alert explains |
| a number | any | an alarm of a signature, with a score of `rule_score` or more: a rule of level high |
| a number | any | `least_alarms` alarms, when enough speaks against the device (`alerts/suspicion.py`) |
| a number | unknown | `unknown_minimum` flows, when the unknown flows of the device are enough in the same way |

An alert of a known family of the same device and window explains an unknown alarm: the odd flow of a known attack is
unknown too. One flow of a device, or a flood from addresses that are forged, one flow each, is never enough if `chance`
is a number, unless a rule of level high names it: a model raises such alarms all day.

A group lives in memory until its window closes, so their number is bounded: past `most_open` the group that was opened
first is put out early. If its device goes on, the alert is told again, with the same id and the next revision, and the
counts add up. Targets have one `room` for all groups, beside those that each shows; where it is full, an alert tells
fewer than there were. Which group is put out, and when, and which finds room, may depend on batches.

Packet time is what `alerts/packet_clock.py` believes. Flows without a time (masked logs) take the one reached, or 0.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.alerts.asset import Assets
from redshank.alerts.gathered import (
    FARTHEST_NS,
    FLOW_COLUMNS,
    NS_PER_S,
    VERDICT_COLUMNS,
    Gathered,
    Room,
    Rows,
    window_of,
)
from redshank.alerts.packet_clock import JUMP_NS, NEVER, PacketClock
from redshank.alerts.severity import SIGNATURES, UNKNOWN
from redshank.alerts.suspicion import Suspicion
from redshank.core.records import SEVERITIES, Alert
from redshank.detect.detector import no_flows

UNKNOWN_RATE = 0.01
"""Share of benign flows that no class fits: `unknown_below` of a bundle, as trained."""
EVERY_ROW = 16
"""Flows of a group up to which severity is looked at with each; then with every eighth more."""

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupSettings:
    """How verdicts are grouped, and when of a group is told.

    Args:
        window_s: Length of a window, packet time, above 0.
        late_s: How long past its end a window stays open for flows that end late.
        unknown_minimum: Unknown flows of a device and window from which on they make an alert.
        early: Whether an alert is told before its window is over, and again as it grows.
        chance: One benign flow of a device in 1 / `chance`, at most, completes the evidence for an alert; None: any
            alarm is enough.
        false_alarm_rate: Share of benign flows that the detectors may raise an alarm for, as stated to them.
        attack_share: Share of a device's flows that raise one while it attacks; above `false_alarm_rate`, below 1.
        least_alarms: Alarms that an alert needs even if much speaks against its device.
        rule_score: Score from which on a single alarm of a signature is evidence enough.
        growth: How many times as many flows as told last are worth another revision.
        assets: What devices are worth, by address or network: low, normal, high or critical.
        most_open: Groups held at once.
        most_devices: Devices whose evidence is kept.
        most_targets: Distinct targets counted per group; an alert says no higher number.
        most_targets_in_all: Those of all groups, beside the ones that each shows.
        shown: Targets, rules, reasons and flows of evidence in an alert.
    """

    window_s: float = 300.0
    late_s: float = 60.0
    unknown_minimum: int = 20
    early: bool = False
    chance: float | None = None
    false_alarm_rate: float = 0.01
    attack_share: float = 0.5
    least_alarms: int = 2
    rule_score: float = 0.85
    growth: float = 10.0
    assets: Mapping[str, str] = field(default_factory=dict)
    most_open: int = 4_096
    most_devices: int = 65_536
    most_targets: int = 4_096
    most_targets_in_all: int = 262_144
    shown: int = 10


_Key = tuple[int, str, str]


class _Batch:
    """The rows of a batch that may make an alert, and what else must be known of each."""

    def __init__(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch, ts: Ints, start: Ints) -> None:
        self.rows = Rows(flows, verdicts, ts)
        self.alarm = _flags(verdicts, "alarm")
        self.start = start
        devices = flows.column("src_ip").fill_null("").dictionary_encode()
        families = verdicts.column("family").fill_null(UNKNOWN).dictionary_encode()
        self.device, self.family = devices.indices.to_numpy(), families.indices.to_numpy()
        self.devices: list[str] = devices.dictionary.to_pylist()
        self.families: list[str] = families.dictionary.to_pylist()
        self.bundle = verdicts.column("bundle")
        told = verdicts.column("detector").fill_null("").dictionary_encode()
        signed = np.array([SIGNATURES in names.split(",") for names in told.dictionary.to_pylist()], np.bool_)
        self.signed: Bools = signed[told.indices.to_numpy()] & self.alarm
        self.enough: Bools = np.ones(len(ts), np.bool_)
        self.strange_enough: Bools = np.ones(len(ts), np.bool_)

    def groups(self, begin: int, end: int) -> Iterator[tuple[_Key, npt.NDArray[np.intp]]]:
        """Give the groups of a run of rows, in the order in which each begins, and their rows."""
        some = slice(begin, end)
        keys = np.stack([self.start[some], self.device[some], self.family[some]])
        _, first, group = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        group = group.reshape(-1)
        members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
        for at in np.argsort(first, kind="stable"):  # in the order of the rows, not of the key
            i = begin + int(first[at])
            yield (int(self.start[i]), self.devices[self.device[i]], self.families[self.family[i]]), begin + members[at]


class Groups:
    """The groups of one stream of verdicts.

    Args:
        settings: How to group.

    Raises:
        ConfigError: If an asset is no address, or its value is none.
    """

    def __init__(self, settings: GroupSettings | None = None) -> None:
        self.settings = one = settings or GroupSettings()
        self._window_ns = max(1, round(one.window_s * NS_PER_S))
        self._late_ns = round(one.late_s * NS_PER_S)
        self._assets = Assets(one.assets)
        self.room = Room(one.most_targets_in_all)
        self._open: dict[_Key, Gathered] = {}
        self._put_out: dict[_Key, int] = {}
        self._earlier: dict[_Key, Alert] = {}
        self.clock = PacketClock()
        self._closed_ns = int(NEVER)
        self.unsaid = self.crowded_out = 0
        self._against: Suspicion | None = None
        self._strange: Suspicion | None = None
        if one.chance is not None:
            of = (one.attack_share, one.chance, one.most_devices)
            self._against = Suspicion(one.false_alarm_rate, *of)
            self._strange = Suspicion(min(UNKNOWN_RATE, one.attack_share / 2), *of)

    @property
    def forgotten(self) -> int:
        """How often the evidence against a device was forgotten, for want of room."""
        return sum(one.forgotten for one in (self._against, self._strange) if one)

    def add(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> list[Alert]:
        """Count a batch, and return the alerts that are to be told.

        Args:
            flows: FLOW rows.
            verdicts: VERDICT rows, row by row those of `flows`.
        """
        if not flows.num_rows:
            return []
        ts, start, closed = self._times(flows)
        alarm, strange = _flags(verdicts, "alarm"), _flags(verdicts, "unknown")
        loud = np.flatnonzero(alarm | strange)
        batch = self._batch(flows, verdicts, loud, ts, start)
        if self._against and self._strange:
            devices, judged = flows.column("src_ip").fill_null(""), verdicts.column("score").is_valid()
            quiet = judged.to_numpy(zero_copy_only=False) & ~alarm
            # Anybody may send a claim in a device's name: it adds nothing to what else speaks against the device.
            batch.enough = self._against.take(devices, alarm & ~no_flows(flows), quiet)[loud]
            batch.strange_enough = self._strange.take(devices, strange, quiet & ~strange)[loud]
        told: list[Alert] = []
        passed = 0
        # A row that closes windows is counted before it does; most rows close none.
        for row in np.flatnonzero(closed != np.append(self._closed_ns, closed[:-1])).tolist():
            here = int(np.searchsorted(loud, row, side="right"))
            told += self._count(batch, passed, here)
            passed = here
            told += self._pass(int(closed[row]))
        return told + self._count(batch, passed, len(loud))

    def resume(self, alerts: Iterable[Alert]) -> int:
        """Go on with what another process had open, or closed because it was to end; before the first batch.

        Args:
            alerts: The latest revision of each alert whose window may not be over. One that was told as over is told
                again only if its device goes on.

        Returns:
            How many are open; those of other windows (their length was changed meanwhile) are left alone. Past
            `most_open` only the number of the next revision is kept; they are counted in `crowded_out`.
        """
        for alert in alerts:
            if (start := window_of(alert, self._window_ns)) is None:
                continue
            key = (start, alert.device, alert.family)
            if len(self._earlier if alert.over else self._open) >= self.settings.most_open:
                self._remember(key, alert.revision + 1)
                self.crowded_out += 1
            elif alert.over:
                self._earlier[key] = alert
            else:
                self._open[key] = self._gathered(key, alert.bundle)
                self._open[key].go_on(alert)
        return len(self._open)

    def finish(self) -> list[Alert]:
        """Close every window and return the alerts that are left."""
        return self._close(FARTHEST_NS + 1)

    def drop(self, covered: Callable[[Alert], bool]) -> list[Alert]:
        """Drop the groups that are not to be told of any more, and return a last revision of those that were told.

        What spoke against their devices is forgotten: a person has judged it.

        Args:
            covered: Tells of an alert whether it is allowed.
        """
        told: list[Alert] = []
        for key, group in list(self._open.items()):
            if covered(group.alert(over=True)):
                for one in (self._against, self._strange):
                    if one:
                        one.forget(group.device)
                self._open.pop(key).leave()
                if group.told:
                    told.append(self._tell(group, over=True))
                    self._remember(key, group.told)
        return told

    def _batch(
        self, flows: pa.RecordBatch, verdicts: pa.RecordBatch, loud: npt.NDArray[np.intp], ts: Ints, start: Ints
    ) -> _Batch:
        # Only flows worth an alert come here, so lists are cheap; one look-up per group in Arrow would not be.
        some = pa.array(loud)
        flows = flows.select(FLOW_COLUMNS).take(some)
        verdicts = verdicts.select(VERDICT_COLUMNS).take(some)
        return _Batch(flows, verdicts, ts[loud], start[loud])

    def _times(self, flows: pa.RecordBatch) -> tuple[Ints, Ints, Ints]:
        """Return each row's time, the start of the window it counts in, and that of the first open when it has come."""
        ts, reached = self.clock.see(flows)
        oldest = reached - self._late_ns
        # A row that is further ahead than its packets can be counts in the window that is open.
        at = np.where(ts > reached, reached, np.maximum(ts, oldest))
        start = at // self._window_ns * self._window_ns
        return ts, start, oldest // self._window_ns * self._window_ns

    def _count(self, batch: _Batch, begin: int, end: int) -> list[Alert]:
        if begin == end:
            return []
        told: list[tuple[int, Alert]] = []
        for key, own in batch.groups(begin, end):
            group = self._open.get(key)
            if group is None:
                if len(self._open) >= self.settings.most_open:
                    told += [(int(own[0]), alert) for alert in self._emit([next(iter(self._open))])]
                    self.crowded_out += 1
                group = self._gathered(key, batch.bundle[int(own[0])].as_py() or "")
                self._open[key] = group
            told += self._follow(group, batch, own)
        told.sort(key=lambda item: item[0])
        return [alert for _, alert in told]

    def _gathered(self, key: _Key, bundle: str) -> Gathered:
        start, device, family = key
        of = (self._assets, self.settings.shown, self.settings.most_targets, self.room)
        group = Gathered(device, family, start, bundle, *of, told=self._put_out.pop(key, 0))
        if (before := self._earlier.pop(key, None)) is not None:
            group.go_on(before)
        return group

    def _follow(self, group: Gathered, batch: _Batch, own: npt.NDArray[np.intp]) -> Iterator[tuple[int, Alert]]:
        """Let a group grow, and give what is to be told on the way, each with its row."""
        alarms = np.cumsum(batch.alarm[own])
        proof = np.flatnonzero(self._proof(group, batch, own, group.alarms + alarms))
        proven = 0 if group.proven else int(proof[0]) if len(proof) else len(own)
        done = 0
        for stop in self._stops(group, batch, own, proven) if self.settings.early else ():
            group.grow(batch.rows, own[done : stop + 1], int(alarms[stop] - (alarms[done - 1] if done else 0)))
            done = stop + 1
            group.proven = True
            if self._worth_telling(group):
                yield int(own[stop]), self._tell(group, over=False)
        if done < len(own):
            group.grow(batch.rows, own[done:], int(alarms[-1] - (alarms[done - 1] if done else 0)))
        group.proven = group.proven or proven < len(own)

    def _proof(self, group: Gathered, batch: _Batch, own: npt.NDArray[np.intp], alarms: Ints) -> Bools:
        """Tell at which rows the evidence is enough."""
        one, count = self.settings, group.count + np.arange(1, len(own) + 1)
        many: Bools = (count >= one.unknown_minimum) & batch.strange_enough[own]
        if one.chance is None:
            return many if group.family == UNKNOWN else batch.alarm[own]
        grave = batch.signed[own] & (batch.rows.score[own] >= one.rule_score)
        known: Bools = grave | (batch.enough[own] & (alarms >= one.least_alarms))
        return known | many if group.family == UNKNOWN else known

    def _stops(self, group: Gathered, batch: _Batch, own: npt.NDArray[np.intp], proven: int) -> list[int]:
        """Return the places of the rows after which a group may be worth telling."""
        if proven >= len(own):
            return []
        count = group.count + np.arange(1, len(own) + 1)
        step = 1 << np.maximum(np.floor(np.log2(count)).astype(np.int64) - 3, 0)
        stops = set(np.flatnonzero((count <= EVERY_ROW) | (count % step == 0)).tolist())
        texts: dict[str, int] = {}
        for place, row in enumerate(own.tolist()):
            texts.setdefault(batch.rows.detectors[row], place)
        known = set(group.detectors)
        for text, place in texts.items():
            if not known.issuperset(names := text.split(",")):
                known.update(names)
                stops.add(place)
        return sorted({proven, *(stop for stop in stops if stop >= proven)})

    def _worth_telling(self, group: Gathered) -> bool:
        before = group.last_told
        if before is None or group.count >= self.settings.growth * before.count:
            return True
        graver = SEVERITIES.index(group.severity()) > SEVERITIES.index(before.severity)
        return graver or not group.detectors.issubset(before.detectors)

    def _tell(self, group: Gathered, *, over: bool) -> Alert:
        alert = group.alert(over=over)
        group.note(alert)
        return alert

    def _pass(self, now_ns: int) -> list[Alert]:
        """Close the windows that are over, now that the first open one begins at `now_ns`."""
        before_ns, self._closed_ns = self._closed_ns, now_ns
        if before_ns in (NEVER, now_ns) or 0 < now_ns - before_ns <= JUMP_NS:
            return self._close(now_ns)
        # Time took a leap, and may take it back: what is told now may go on.
        over = (key for key in self._open if key[0] < now_ns or (now_ns < before_ns and key[0] >= before_ns))
        return self._emit(sorted(over))

    def _close(self, before_ns: int) -> list[Alert]:
        for key in [key for key in self._put_out if key[0] < before_ns]:
            del self._put_out[key]
        for key in [key for key in self._earlier if key[0] < before_ns]:
            del self._earlier[key]
        return self._emit(sorted(key for key in self._open if key[0] < before_ns), closed=True)

    def _emit(self, keys: Sequence[_Key], *, closed: bool = False) -> list[Alert]:
        groups = {key: self._open.pop(key) for key in keys}
        explained = {(key[0], key[1]) for key, group in groups.items() if group.family != UNKNOWN and group.proven}
        told: list[Alert] = []
        for key, group in groups.items():
            group.leave()
            if group.proven or group.told or self._odd(group, explained):
                told.append(self._tell(group, over=True))
                if not closed:
                    self._remember(key, group.told)
            else:
                self.unsaid += 1
        return told

    def _odd(self, group: Gathered, explained: set[tuple[int, str]]) -> bool:
        return self.settings.chance is None and group.alarms > 0 and (group.start_ns, group.device) not in explained

    def _remember(self, key: _Key, told: int) -> None:
        """Keep the number of the next revision of an alert whose window is not over."""
        self._put_out[key] = told
        if len(self._put_out) > self.settings.most_open:
            del self._put_out[next(iter(self._put_out))]


def _flags(verdicts: pa.RecordBatch, name: str) -> Bools:
    found: Bools = verdicts.column(name).fill_null(False).to_numpy(zero_copy_only=False)
    return found
