"""`redshank rules`: what signature rules there are, whether they can run, and what they would hit."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import AsJson, From, Inputs, Read

if TYPE_CHECKING:
    from redshank.detect.detectors.signatures import Signatures
    from redshank.report.summary import Row

rules = typer.Typer(
    no_args_is_help=True, help="Signature rules: which there are, whether they can run, what they would hit."
)

SHOWN = 20  # hits of `rules test`, the first ones

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Files of Sigma rules, and folders of them; those that ship if absent."),
]
Watchlists = Annotated[
    list[Path] | None,
    typer.Option(
        "--watchlist", "-w", metavar="PATH", help="A list of addresses and domains that rules name, or a folder."
    ),
]


@rules.command(name="list")
def list_(paths: Paths = None, watchlists: Watchlists = None, as_json: AsJson = False) -> None:
    """List rules: name, level, score, family, ATT&CK techniques, title."""
    from redshank.report.summary import Section, show

    detector = _detector(paths, watchlists)
    rows: list[Row] = [
        {
            "name": rule.name,
            "level": rule.level,
            "score": rule.score,
            "family": rule.family,
            "techniques": ", ".join(rule.techniques),
            "title": rule.title,
        }
        for rule in sorted(detector.rules, key=lambda rule: rule.name)
    ]
    show(f"Rules of {detector.name}", [Section("Rules", rows)], as_json=as_json)


@rules.command(name="show")
def show_(
    name: Annotated[str, typer.Argument(help="Name of a rule.")],
    paths: Paths = None,
    watchlists: Watchlists = None,
    as_json: AsJson = False,
) -> None:
    """Show what a rule is about, when it is wrong, and its file."""
    from redshank.core.errors import ConfigError
    from redshank.core.registry import alternatives
    from redshank.report.summary import Section, show

    known = {rule.name: rule for rule in _detector(paths, watchlists).rules}
    if name not in known:
        raise ConfigError(f"rule: no '{name}'; {alternatives(name, known)}")
    rule = known[name]
    told: Row = {
        "title": rule.title,
        "description": rule.description,
        "level": rule.level,
        "score": rule.score,
        "family": rule.family,
        "techniques": ", ".join(rule.techniques),
        "wrong_if": "; ".join(rule.falsepositives),
        "file": str(rule.file),
    }
    show(f"Rule {name}", [Section("Rule", told)], as_json=as_json)
    if not as_json:
        sys.stdout.write("\n" + rule.file.read_text(encoding="utf-8"))


@rules.command()
def check(paths: Paths = None, watchlists: Watchlists = None, as_json: AsJson = False) -> None:
    """Check that rules and watchlists can run: ends with 0 if so, with 1 and one line for each problem if not.

    Example: redshank rules check /etc/redshank/rules -w /etc/redshank/watchlists
    """
    from redshank.core.errors import ConfigError
    from redshank.report.summary import Section, show

    for path in (*(paths or ()), *(watchlists or ())):
        if not path.exists():
            raise ConfigError(f"'{path}' is not there; name a file, or a folder")
    problems: list[str] = []
    levels: dict[str, int] = {}
    try:
        levels = Counter(rule.level for rule in _detector(paths, watchlists).rules)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        told: list[Row] = [{"problem": problem} for problem in problems]
        show("rules", [Section("Rules", levels), Section("Problems", told)], as_json=True)
    elif problems:
        sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    else:
        counts = ", ".join(f"{count} {level}" for level, count in sorted(levels.items()))
        sys.stdout.write(f"{sum(levels.values())} rules, no problem ({counts})\n")
    if problems:
        raise typer.Exit(1)


@rules.command(name="test")
def hits(
    paths: Paths = None,
    read: Read = None,
    records: From = None,
    watchlists: Watchlists = None,
    as_json: AsJson = False,
) -> None:
    """Show what rules hit in a capture, or in another tool's records; nothing is alerted.

    Example: redshank rules test my-rules.yml -r plant.pcap
    """
    from redshank.report.summary import Section, show, time_text

    inputs = Inputs(read, (), records)
    detector = _detector(paths, watchlists)
    source = inputs.source()
    counts: Counter[str] = Counter()
    first: list[Row] = []
    flows = 0
    for batch in source.batches():
        verdicts = detector.judge(batch)
        flows += batch.num_rows
        hit = verdicts.column("rules").is_valid()
        seen = batch.select(["ts", "src_ip", "dst_ip", "dst_port"]).filter(hit)
        told = verdicts.select(["rules", "reasons"]).filter(hit)
        counts.update(told.column("rules").flatten().to_pylist())
        for row, ruled in zip(seen.slice(0, SHOWN).to_pylist(), told.slice(0, SHOWN).to_pylist(), strict=True):
            if len(first) < SHOWN:
                at_s = row["ts"].timestamp() if row["ts"] is not None else None
                where = f"{row['dst_ip'] or '-'} {row['dst_port'] if row['dst_port'] is not None else ''}".strip()
                why = "; ".join(ruled["reasons"])
                first.append({"time": time_text(at_s), "device": row["src_ip"], "target": where, "why": why})
    about = {rule.name: rule for rule in detector.rules}
    by_rule: list[Row] = [
        {"rule": name, "level": about[name].level, "family": about[name].family, "rows": count}
        for name, count in counts.most_common()
    ]
    parts = [Section("Summary", {"rules": len(about), "rows": flows, "hits": sum(counts.values())})]
    parts += [Section("Hits by rule", by_rule), Section("First hits", first)]
    show(f"Rules of {detector.name} on {inputs.place}", parts, as_json=as_json)


@rules.command()
def fields(as_json: AsJson = False) -> None:
    """List the fields that rules can ask about, what else rules may call them, and what they mean."""
    from redshank.core.schema import FLOW_FIELDS
    from redshank.detect.sigma.fields import KINDS, other_names
    from redshank.report.summary import Section, show

    rows: list[Row] = [
        {
            "field": item.name,
            "holds": KINDS[item.name],
            "also": ", ".join(other_names(item.name)),
            "meaning": item.meaning,
        }
        for item in FLOW_FIELDS
        if item.name in KINDS
    ]
    show("Fields of a flow", [Section("Fields", rows)], as_json=as_json)


def _detector(paths: list[Path] | None, watchlists: list[Path] | None) -> "Signatures":
    from redshank.detect.detectors.signatures import Signatures

    return Signatures(tuple(paths or ()), starter=not paths, watchlists=tuple(watchlists or ()))
