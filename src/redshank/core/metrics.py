"""Counters and gauges of one pipeline, under Prometheus names.

In: increments from the stages, by declared name. Out: values for a summary, text for a Prometheus scrape.
Nothing is global: each pipeline owns one `Metrics`, so two pipelines in one process (or two tests) never mix. What the
kernel says of the process (`process_*`, from /proc) stands beside it; workers of a source are processes of their own.
Source: https://prometheus.io/docs/practices/naming/
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

LOST = "redshank_lost_total"
FORGOTTEN = "redshank_forgotten_total"

COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "redshank_packets_total": ("Packets read from a source.", ()),
    "redshank_packet_bytes_total": ("Bytes on the wire of the packets read.", ()),
    "redshank_anomalies_total": ("Malformed or unusual input, by stage and name.", ("stage", "name")),
    "redshank_flows_total": ("Flow rows emitted, by part and reason.", ("part", "reason")),
    "redshank_verdicts_total": ("Verdicts, by detector and family.", ("detector", "family")),
    "redshank_alerts_total": ("Alerts opened, by family.", ("family",)),
    "redshank_allowed_total": ("Alarms and unknown flows that an allowance kept quiet, by its id.", ("allowance",)),
    "redshank_model_events_total": ("Bundles taken over or refused while a detector runs, by event.", ("name",)),
    "redshank_drift_events_total": (
        "Groups whose traffic moved away from what a detector learnt.",
        ("detector", "group"),
    ),
    FORGOTTEN: ("What memories of bounded size forgot to make room, by who remembers and what.", ("by", "memory")),
    "redshank_detector_failures_total": ("Batches that a detector could not judge.", ("detector",)),
    "redshank_unjudged_rows_total": ("Flow rows of batches that a detector could not judge.", ("detector",)),
    "redshank_unsaid_groups_total": ("Groups of alarms or unknown flows never told, for want of evidence.", ()),
    "redshank_shadow_alarms_total": ("Alarms of champion and shadow, by who raised them.", ("by", "family")),
    "redshank_shed_rows_total": (
        "Flow rows given up because judging fell behind, or the end came, by step.",
        ("step",),
    ),
    LOST: ("What is nowhere any more though it should be kept, by what it is.", ("what",)),
    "redshank_archive_failures_total": ("Files of the archive that could not be written, or that a crash cut.", ()),
    "redshank_source_failures_total": ("Sources that stopped before their end, by source.", ("source",)),
    "redshank_read_again_rows_total": (
        "Flow rows passed over: their source, opened again, gave them before.",
        ("source",),
    ),
    "redshank_swept_total": ("Thrown away because of age, size or number, by what.", ("what",)),
    "redshank_records_failed_total": ("Attempts to record alerts that the store refused.", ()),
    "redshank_filed_alerts_total": ("Alerts that the store refused for too long, written to unrecorded.jsonl.", ()),
    "redshank_examples_total": (
        "Flows of alerts kept for labels; alerts told with none, or shed before that.",
        ("outcome",),
    ),
    "redshank_deliveries_total": ("Alerts handed to a sink, by sink and outcome.", ("sink", "outcome")),
    "redshank_deliveries_in_doubt_total": (
        "Alerts handed to a sink of which nobody can tell whether they arrived.",
        ("sink",),
    ),
    "redshank_recipients_refused_total": (
        "Times that a mail server refused a recipient of an alert that it took for others.",
        ("sink",),
    ),
    "redshank_dead_letters_total": ("Alerts that were given up and kept in the file of dead letters.", ("sink",)),
    "redshank_dead_letter_files_dropped_total": ("Full files of dead letters that had to make room.", ()),
    "redshank_decisions_total": ("Decisions about what to do about an alert, by outcome.", ("outcome",)),
    "redshank_actions_total": ("Actions, by measure and the state that they came into.", ("measure", "state")),
    "redshank_action_problems_total": ("Times that actions could not be decided on or carried out.", ("where",)),
    "redshank_actions_put_back_total": (
        "Times that an action was put back that the kernel did not hold as it was told to.",
        (),
    ),
    "redshank_peer_names_total": (
        "Looks at names of peers that failed, and their addresses that were added to the never-block list or refused.",
        ("outcome",),
    ),
}
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "redshank_source_up": ("Whether a source runs, by source.", ("source",)),
    "redshank_waiting_rows": ("Flow rows that wait to be judged.", ()),
    "redshank_unrecorded_alerts": ("Alerts that wait for the store.", ()),
    "redshank_packet_time_seconds": ("Packet time reached, seconds since the epoch.", ()),
    "redshank_drift_psi": (
        "Largest population stability index of the inputs, and that of the scores, at the last comparison.",
        ("detector", "group", "part"),
    ),
    "redshank_sink_up": ("Whether the sink took what it was handed last.", ("sink",)),
    "redshank_delivery_delay_seconds": ("How long the alert waited that the sink took last.", ("sink",)),
    "redshank_actions_active": ("Actions that hold now.", ()),
    "redshank_breaker_open": ("Whether the breaker of responses lets nothing be approved now.", ()),
    "redshank_breaker_used": ("How much of a bound of the breaker is used: at the bound it opens.", ("bound",)),
    "redshank_breaker_bound": ("The bounds of the breaker, as the settings have them.", ("bound",)),
    "redshank_store_bytes": ("Size of the store: pages in use of a file, rows on a server.", ()),
    "redshank_archive_bytes": ("Size of the whole files of the archive.", ()),
}


class Metrics:
    """The counters and gauges of one pipeline.

    Example:
        >>> metrics = Metrics()
        >>> metrics.count("redshank_anomalies_total", 2, stage="decode", name="ipv4_truncated")
        >>> metrics.labelled("redshank_anomalies_total")
        {('decode', 'ipv4_truncated'): 2}
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counters = {
            n: Counter(n, text, labels, registry=self._registry) for n, (text, labels) in COUNTERS.items()
        }
        self._gauges = {n: Gauge(n, text, labels, registry=self._registry) for n, (text, labels) in GAUGES.items()}

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Add `amount` to the counter `name`; KeyError if it is not declared above."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def expect(self, name: str, /, **labels: str) -> None:
        """Show the counter at 0 until it is counted first: Prometheus sees no growth in a series that begins at 1."""
        self._counters[name].labels(**labels)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set the gauge `name`; KeyError if it is not declared above."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def labelled(self, name: str) -> dict[tuple[str, ...], int]:
        """Return the counter's values above 0 by label values, in the order of the declared labels."""
        order = COUNTERS[name][1]
        return {
            tuple(sample.labels[label] for label in order): int(sample.value)
            for family in self._counters[name].collect()
            for sample in family.samples
            if sample.name == name and sample.value
        }

    def named(self, name: str) -> dict[str, int]:
        """Return the counter's values above 0 by label values with dots between them."""
        return {".".join(key): count for key, count in self.labelled(name).items()}

    def total(self, name: str) -> int:
        """Return the counter's sum over all label values."""
        return sum(self.labelled(name).values())

    def text(self) -> str:
        """Return everything in the Prometheus text format."""
        return generate_latest(self._registry).decode()
