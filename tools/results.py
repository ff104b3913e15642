"""Write docs/results.md and docs/results/NAME.md from docs/results/NAME.json, and these from what was measured here.

In: names of experiments whose cells lie in out/experiments (`python tools/results.py mahdi-2024`); none to only write
the pages anew (`make results`). Out: docs/results/NAME.json, a page of tables for each with its pictures, and
docs/results.md, which says what came out in a line and in words. A test compares pages and pictures with the JSON, so
no figure on them is typed by hand.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redshank.experiments.experiment import Experiment, Results, find, names
from redshank.experiments.published import publish, read
from redshank.experiments.run import load
from redshank.learn.spelling import UNKNOWN, spelled
from redshank.learn.table import Picture
from redshank.report import markdown, pictures, wording
from redshank.report.tables import document

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "results.md"
MEASURED = ROOT / "out" / "experiments"
GENERATED = "<!-- Written by `make results` from docs/results/*.json; change the code, not this page. -->\n"
HEAD = f"""{GENERATED}
# Results

What models of this field are worth on its public datasets, measured by `redshank experiment run NAME`. Every table has
boosted trees (`lightgbm`), a table that only remembers (`lookup`) and a row that looks at nothing (`constant`): a
figure that does not clearly beat these three says nothing about a model. Figures are means over seeds with their 95 %
interval (Student's t); each seed splits the data anew and starts the model anew. A single seed has the exact interval
of a rate, or none; a row with several seeds goes before such a one, because a single run may be lucky.

- Recall is the share of the attack flows that are found, false alarms the share of the benign flows that are called an
  attack. “1 % threshold” was set for 1 % false alarms before the test part was looked at.
- Macro-F1 weighs every class alike, rare ones too; balanced accuracy does so with what is found of each. 1 is perfect.
- AUC is how often an attack ranks above a benign flow: 0.5 is chance.
- “s a run” is wall time of one cell on one core, partition and judging included.

Speed, agreement with Zeek and other things that other commands measure stand in [measured](measured.md).
"""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Published studies": ("mahdi-2024", "awais-2025", "ladder-toniot"),
    "All models": ("zoo-toniot", "zoo-botiot", "rt-iot2022", "unsw-official", "telemetry", "nslkdd-official"),
    "Labels": (
        "active-toniot",
        "active-nslkdd",
        "active-iot23",
        "active-study",
        "active-new-network",
        "active-aids",
        "active-hostile",
        "active-gate",
    ),
    "What helps": ("imbalance", "selection"),
    "What nobody has seen": ("group-toniot", "zero-day", "iot23-group", "cross-dataset", "transfer", "sequences"),
}
"""In which order a person reads; what is in none comes last."""
OTHERS = "Others"
WORTH = "What the published figures are worth"


@dataclass(frozen=True)
class Published:
    """An experiment and what is published of it."""

    name: str
    experiment: Experiment
    results: Results


def grouped() -> dict[str, list[str]]:
    """Return the names of all experiments by group, in the order of reading."""
    there = names()
    groups = {title: [name for name in some if name in there] for title, some in GROUPS.items()}
    rest = [name for name in there if not any(name in some for some in groups.values())]
    return groups | ({OTHERS: rest} if rest else {})


def published() -> dict[str, Published]:
    """Return what is published, by name."""
    found = {}
    for name in names():
        path = PUBLISHED / f"{name}.json"
        if path.exists():
            chosen = find(name)
            found[name] = Published(name, chosen, read(chosen, path.read_text(encoding="utf-8")))
    return found


def pages() -> dict[Path, str]:
    """Return every page and picture that docs/results/*.json make, by its path."""
    there = published()
    made = {PAGE: page(there)} | {PUBLISHED / f"{name}.md": tables(one) for name, one in there.items()}
    for name, one in there.items():
        drawn = one.experiment.pictures(one.results)
        made |= {PUBLISHED / pictures.name(name, picture): pictures.svg(picture) for picture in drawn}
    return made


def page(there: Mapping[str, Published]) -> str:
    """Return the page that says what came out, without the tables."""
    parts = [HEAD]
    groups = {title: [there[name] for name in some if name in there] for title, some in grouped().items()}
    if there:
        parts.append(_glances(groups))
    worth = [text for some in groups.values() for one in some for text in one.experiment.worth(one.results)]
    if worth:
        parts.append(f"## {WORTH}\n\n{' '.join(worth)}\n")
    for title, some in groups.items():
        parts += [f"## {title}\n"] if some else []
        parts += [_told(one) for one in some]
    missing = [f"- `{name}`: {find(name).what}\n" for some in grouped().values() for name in some if name not in there]
    if missing:
        parts.append(f"## Not measured yet\n\n{''.join(missing)}")
    return "\n".join(parts)


def tables(one: Published) -> str:
    """Return the page of an experiment's tables."""
    chosen = one.experiment
    told = [
        *chosen.words(one.results),
        *(_shown(one.name, picture, "") for picture in chosen.pictures(one.results)),
        f"`redshank experiment run {one.name}`; how to read it: [results](../results.md)",
    ]
    return f"{GENERATED}\n{document(chosen.title, chosen.what, told, chosen.tables(one.results), chosen.notes)}"


def _glances(groups: Mapping[str, list[Published]]) -> str:
    rows = []
    for one in (one for some in groups.values() for one in some):
        seen = one.experiment.glance(one.results)
        if seen is not None:
            where = f"; {seen.where[0].lower()}{seen.where[1:]}" if seen.where else ""
            best = UNKNOWN if seen.best is None else f"{spelled(seen.measure, seen.best.figure)}, {seen.best.row}"
            beside = [spelled(seen.measure, figure) for figure in (seen.trees, seen.lookup)]
            asked = f"[{one.experiment.asks}](results/{one.name}.md)"
            rows.append([asked, wording.heading(seen.measure) + where, best, *beside, seen.meaning])
    head = ["asked", "measure", "best other model", "boosted trees", "lookup table", "what it means"]
    return f"## At a glance\n\n{markdown.table(head, rows)}"


def _told(one: Published) -> str:
    first = [_shown(one.name, picture, "results/") for picture in one.experiment.pictures(one.results)[:1]]
    words = "".join(f"{text}\n\n" for text in (*one.experiment.words(one.results), *first))
    return f"### {one.experiment.title}\n\n{one.experiment.what}\n\n{words}[Tables](results/{one.name}.md)\n"


def _shown(experiment: str, picture: Picture, folder: str) -> str:
    """Return a picture as Markdown, its caption below it."""
    return f"![{picture.title}]({folder}{pictures.name(experiment, picture)})\n\n{picture.title}. {picture.caption}"


def main(chosen: list[str]) -> None:
    """Publish the experiments named, and write the pages."""
    for name in chosen:
        experiment = find(name)
        results = load(experiment, MEASURED / name)
        if not results.found:
            sys.exit(f"{name}: nothing was measured in {MEASURED}; run `redshank experiment run {name}`")
        PUBLISHED.mkdir(parents=True, exist_ok=True)
        (PUBLISHED / f"{name}.json").write_text(publish(experiment, results), encoding="utf-8")
        sys.stdout.write(f"docs/results/{name}.json: {len(results.found)} cells\n")
    made = pages()
    for path in {*PUBLISHED.glob("*.md"), *PUBLISHED.glob("*.svg")} - set(made):
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
