"""Harm in every text that comes from the wire, from a person or from a file: each text numbered, so that it is found.

What comes over the wire goes in through the same records as a service's. A text breaks out of an element, of an
attribute with either kind of quotes or none; says something to a template; turns the direction of writing; steers a
terminal.
"""

import json
import re
from dataclasses import replace

import pyarrow as pa
from sqlalchemy import insert

from bundles import flows
from console.filled import CHAMPION, Filled
from questions import questions
from redshank.console.desk import Desk
from redshank.console.jobs import Jobs
from redshank.core.allowance import Allowance
from redshank.core.records import Action, Alert, Evidence, Label
from redshank.core.schema import DEVICE, FLOW
from redshank.detect.measured import Measured
from redshank.store.comments import Comments
from redshank.store.drift import Reading, Readings
from redshank.store.question import flow_values, identity
from redshank.store.runs import Health, Judge, Runs, SourceHealth
from redshank.store.tables import BUNDLES
from redshank.store.traffic import Kind, Traffic

FOUND = re.compile(r"<xss(\d+) ")
DEVICE_ADDRESS = "192.168.39.66"
ALERT = "bad0bad0bad0bad0"


class Harm:
    """Texts that mean harm, by what they are."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, *, printable: bool = False) -> str:
        """Return a text of its own for a field; some fields take nothing that does not print."""
        if name not in self.names:
            self.names.append(name)
        number = self.names.index(name)
        text = f"\"'><xss{number} onx=1 style=x>{{{{7919*7907}}}}</script>"
        return text if printable else f"{text}\x1b[31m\u202e"


def plant(filled: Filled, desk: Desk) -> tuple[Harm, list[str]]:
    """Put texts into everything; return them, and pages on which they must be."""
    harm, now_s = Harm(), filled.now_s - 60.0
    flow = Evidence(
        harm("uid"), now_s, DEVICE_ADDRESS, 1, harm("dst ip"), 2, harm("proto"), harm("community"), 0.99,
        src_mac=harm("src mac"), domain=harm("domain"),
    )  # fmt: skip
    alert = Alert(
        ALERT, DEVICE_ADDRESS, harm("alert family"), "critical", now_s, now_s, 3, 0.99, (harm("target"),), 1,
        harm("measure"), harm("alert bundle"), (flow,), (harm("detector"),), (harm("rule"),), (harm("reason"),),
        (harm("technique"),),
    )  # fmt: skip
    other = replace(alert, id="bad1bad1bad1bad1", device=harm("alert device"), family="dos", evidence=())
    desk.alerts.record([alert, other], (), filled.now_s)
    desk.alerts.judge([alert.id], "escalated", harm("judge"), now_s, harm("judged why"))
    Comments(desk.database).write(alert.id, harm("commenter"), harm("comment"), now_s)
    return harm, [
        *(f"/alerts/{one.id}" for one in (alert, other)),
        f"/alerts/{ALERT}/false-alarm",
        *_device(desk, harm, now_s),
        *_allowance(desk, harm, now_s),
        *_action(filled, harm, now_s),
        *_queue(desk, harm, now_s),
        *_shelf(filled, desk, harm, now_s),
        *_rules(filled, harm),
        *_service(desk, harm, now_s),
    ]


def _device(desk: Desk, harm: Harm, now_s: float) -> list[str]:
    lists = {name: [[DEVICE_ADDRESS, harm(f"device {name}")]] for name in ("ips", "offers", "uses", "peers")}
    times = {name: [int(now_s * 1e9)] for name in ("first_seen", "last_seen")}
    row = {"mac": ["02:00:00:00:00:66"], "vendor": [harm("vendor")], "flows": [3], **lists, **times}
    row |= {"sent_bytes": [5], "received_bytes": [7]}
    strange = {**row, "mac": [harm("mac")], "ips": [[harm("only ip")]]}
    for one in (row, strange):
        desk.inventory.take(
            pa.RecordBatch.from_arrays([pa.array(one[field.name], field.type) for field in DEVICE], schema=DEVICE)
        )
    return [f"/devices/{DEVICE_ADDRESS}"]


def _allowance(desk: Desk, harm: Harm, now_s: float) -> list[str]:
    made = Allowance.of(
        harm("allowance author", printable=True),
        harm("allowance reason", printable=True),
        now_s,
        None,
        device=DEVICE_ADDRESS,
        port=9,
    )
    gone = Allowance.of(
        "ana", "a reason", now_s, None, device=DEVICE_ADDRESS, rule=harm("allowance rule", printable=True)
    )
    desk.allowances.give(made)
    desk.allowances.give(gone)
    desk.allowances.withdraw(gone.id, harm("withdrawer"), now_s, harm("withdrawn why"))
    return ["/allowances"]


def _action(filled: Filled, harm: Harm, now_s: float) -> list[str]:
    ledger = filled.ledger()
    made = [
        Action.of("block", target, 600.0, harm("action reason"), harm("action by"), now_s, alert=harm("action alert"))
        for target in (DEVICE_ADDRESS, "192.168.39.67", "192.168.39.68")
    ]
    for one in made:
        ledger.propose(one, now_s, approval=True)
    ledger.approve(made[0].id, harm("approver"), now_s)
    ledger.applied(made[0].id, now_s, 600.0, harm("backend"))
    ledger.approve(made[1].id, "ana", now_s)
    ledger.fail(made[1].id, now_s, harm("failure"))
    ledger.undo(made[2].id, harm("undoer"), now_s, harm("undo why"))
    return [f"/responses/action/{one.id}" for one in made]


def _queue(desk: Desk, harm: Harm, now_s: float) -> list[str]:
    texts = [field.name for field in FLOW if pa.types.is_string(field.type) and field.name not in {"uid", "src_ip"}]
    made = []
    for place, (question, values) in enumerate(
        zip(questions(("dos",) * 3), flow_values(flows(("dos",) * 3)), strict=True)
    ):
        flow = {**values, **{name: harm(f"flow {name}") for name in texts}, "src_ip": DEVICE_ADDRESS}
        flow["uid"] = f"{flow['uid']}{place}"
        made.append(
            replace(
                question, id=identity(flow), uid=flow["uid"], device=DEVICE_ADDRESS, flow=flow, why=harm("asked why"),
                strategy=harm("strategy"), bundle=harm("question bundle"), asked_at_s=now_s,
                classes=("benign", harm("class"), "dos"), probabilities=(0.2, 0.5, 0.3),
            )
        )  # fmt: skip
    made = [replace(one, neighbors=tuple(other.id for other in made if other is not one)) for one in made]
    desk.queue.add(made)
    label = Label.of(
        made[0].id,
        made[0].uid,
        "dos",
        harm("annotator"),
        now_s,
        harm("origin"),
        evidence=harm("label why"),
    )
    desk.queue.tell([label])
    return [*(f"/labels/questions/{one.id}" for one in made), f"/labels/given/{label.id}", "/labels", "/labels/people"]


def _shelf(filled: Filled, desk: Desk, harm: Harm, now_s: float) -> list[str]:
    shelf = filled.shelf
    made = shelf.load(CHAMPION)
    told = replace(
        made.manifest,
        name=harm("manifest name"), model=harm("model"), task=harm("task"), settings={harm("setting"): harm("set to")},
        classes=["benign", *(harm(f"class {place}") for place in range(1, len(made.manifest.classes)))],
        provenance={harm("provenance"): harm("provenance of"), "dataset": harm("dataset")},
        figures={harm("figure"): harm("figure of")},
    )  # fmt: skip
    shelf.put(replace(made, manifest=told), "strange")
    shelf.keep("strange", harm("kept why"), {harm("evidence"): harm("evidence of")})
    evaluation = {
        "task_classes": [harm("measured class"), "dos"],
        "vector": {
            "headline": {"macro_f1": 0.9},
            "classes": [
                {"name": name, "support": 10.0, "precision": 0.9, "recall": 0.9, "f1": 0.9}
                for name in (harm("measured class"), "dos")
            ],
            "confusion": [[9.0, 1.0], [1.0, 9.0]],
        },
        "intervals": {},
        "reliability": [{"score": 0.1, "attacks": 0.12, "rows": 10.0}],
    }
    digest = shelf.load("strange").manifest.sha256
    Measured("strange", digest, harm("measured on"), now_s, evaluation).save(shelf.folder)
    with desk.database.writing() as sql:
        sql.execute(insert(BUNDLES).values(**_bundle_row(harm, now_s)))
    said = json.dumps(
        {
            "decision": {"decision": "keep", "bundle": harm("job bundle"), "champion": harm("job champion")},
            "reasons": {"0": harm("job reason")},
            "notes": {"0": harm("job note")},
        }
    )
    program = ("/bin/sh", "-c", 'printf %s "$1"; printf \'%s\\n\' "$2" >&2', "sh", said, harm("job log"))
    job = Jobs(desk.settings.service.state / "jobs", desk.now_s, program=program).begin(
        "A job", [harm("job word")], harm("job by")
    )
    return ["/models", "/models/bundles/strange", "/models/compare?one=strange", f"/models/jobs/{job.id}"]


def _bundle_row(harm: Harm, now_s: float) -> dict[str, object]:
    row: dict[str, object] = {}
    for column in BUNDLES.columns:
        text = column.type.python_type is str
        row[column.name] = harm(f"seen {column.name}") if text else now_s
    return row


def _rules(filled: Filled, harm: Harm) -> list[str]:
    folder = filled.folder / "rules"
    folder.mkdir()
    rule = {
        "title": harm("rule title"), "description": harm("rule description"), "level": "medium",
        "author": harm("rule author"), "falsepositives": [harm("rule false positive")],
        "references": [harm("rule reference")],
        "logsource": {"product": "redshank", "service": "flow"},
        "detection": {"it": {"dst_port": 23, "dns_query": harm("rule looks for")}, "condition": "it"},
    }  # fmt: skip
    (folder / "strange.yml").write_text(json.dumps(rule))
    return ["/rules"]


def _service(desk: Desk, harm: Harm, now_s: float) -> list[str]:
    wire = SourceHealth(harm("source"), up=True, packets=5)
    judge = Judge(harm("judge detector"), harm("judge bundle"), silent=harm("silent because"))
    health = Health(
        "9", now_s - 9.0, now_s + 30.0, host=harm("host"), version=harm("version"), problem=harm("problem"),
        shed={harm("shed"): 1}, lost={harm("lost"): 1}, forgotten={harm("forgotten"): 2},
        anomalies={harm("anomaly"): 3}, sources=(wire,), judges=(judge,),
    )  # fmt: skip
    Runs(desk.database).tell(health)
    group = harm("group")
    worst = ((harm("drifted column"), 2.0),)
    Readings(desk.database).add(
        [Reading(group, harm("drift detector"), harm("drift bundle"), now_s, now_s, 0.001, True, 1.0, 2.0, worst)]
    )
    kind = Kind(int(now_s) // 300 * 300, group, harm("service"), harm("traffic proto"), "alarm", harm("traffic family"))
    Traffic(desk.database).add({kind: (100_000, 9)}, now_s)
    desk.audit.write(now_s, harm("audit who"), harm("audit what"), harm("audit about"), {harm("key"): harm("value")})
    return ["/overview", "/overview?span=7d", "/settings", "/audit"]
