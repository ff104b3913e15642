"""Write docs/results.md from docs/results/*.json, and these from what was measured here.

In: names of experiments whose cells lie in out/experiments (`python tools/results.py mahdi-2024`); none to only write
the page anew (`make results`). Out: docs/results/NAME.json and docs/results.md. A test compares the page with the JSON,
so no figure on it is typed by hand.
"""

import sys
from pathlib import Path

from redshank.experiments.experiment import find, names
from redshank.experiments.published import publish, read
from redshank.experiments.run import load
from redshank.report.tables import document

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "results.md"
MEASURED = ROOT / "out" / "experiments"
HEAD = """<!-- Written by `make results` from docs/results/*.json; change the code, not this page. -->

# Results

What models of this field are worth on its public datasets, measured by `redshank experiment run NAME`. Every table has
boosted trees (`lightgbm`), a table that only remembers (`lookup`) and a row that looks at nothing (`constant`): a
figure that does not clearly beat these three says nothing about a model. Figures are means over seeds with their 95 %
interval (Student's t); each seed splits the data anew and starts the model anew. A single seed has the exact interval
of a rate, or none. “seconds a run” is wall time of one cell on one core, partition and judging included.

Published studies report 0.94 to 0.999 on the same datasets. These tables show what such a figure is made of: columns
that name the attacker, copies of one row on both sides of a split, formatting that gives the label away, a mix of
classes that a constant masters. What is left is what a detector can do on traffic of the same network, and the tables
on unseen devices and networks say how much of that travels. Speed, agreement with Zeek and other things that other
commands measure stand in [measured](measured.md).
"""


def page() -> str:
    """Return the page that docs/results/*.json make."""
    parts, missing = [HEAD], []
    for name in names():
        path = PUBLISHED / f"{name}.json"
        if not path.exists():
            missing.append(name)
            continue
        chosen = find(name)
        results = read(chosen, path.read_text(encoding="utf-8"))
        told = [*chosen.words(results), f"`redshank experiment run {name}`"]
        parts.append(document(chosen.title, chosen.what, told, chosen.tables(results), chosen.notes, level=2))
    if missing:
        listed = "".join(f"- `{name}`: {find(name).what}\n" for name in missing)
        parts.append(f"## Not measured yet\n\n{listed}")
    return "\n".join(parts)


def main(chosen: list[str]) -> None:
    """Publish the experiments named, and write the page."""
    for name in chosen:
        experiment = find(name)
        results = load(experiment, MEASURED / name)
        if not results.found:
            sys.exit(f"{name}: nothing was measured in {MEASURED}; run `redshank experiment run {name}`")
        PUBLISHED.mkdir(parents=True, exist_ok=True)
        (PUBLISHED / f"{name}.json").write_text(publish(experiment, results), encoding="utf-8")
        sys.stdout.write(f"docs/results/{name}.json: {len(results.found)} cells\n")
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write("docs/results.md\n")


if __name__ == "__main__":
    main(sys.argv[1:])
