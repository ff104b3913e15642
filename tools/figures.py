"""Write what `redshank demo` found into the README, between its two marks.

In: the JSON that `redshank demo --json` ends with, from a file or standard input. Out: README.md with the same figures.
A test renders them anew and compares, so the README never says what the command does not print: the table each
time, the means over several runs with `make test-demo`.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- figures of make run -->", "<!-- end of figures -->"
ROWS = {"first-light": "BiLSTM, labels asked for", "lightgbm": "LightGBM, every label", "constant": "constant"}


def render(found: dict[str, Any]) -> str:
    """Return the text between the marks.

    Args:
        found: What `redshank demo --json` printed.
    """
    lines = [
        "| model | macro-F1 (95 % interval) | accuracy | attacks caught | benign flows called an attack |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in found["unseen_network_models"]:
        interval = f"{row['macro_f1']:.3f} ({row['macro_f1_low']:.3f} to {row['macro_f1_high']:.3f})"
        caught = f"{100 * row['recall_at_0.01']:.1f} % | {100 * row['fpr_at_0.01']:.2f} %"
        lines.append(f"| {ROWS[row['model']]} | {interval} | {row['accuracy']:.3f} | {caught} |")
    labels, last = found["labels"], found["macro_f1_by_labels_answered"][-1]
    asked, best = labels["asked"], f"{last['mixed']:.3f}"
    cost = f"{labels['gate']} more for the gate that keeps new weights and {labels['calibration']} to set thresholds"
    lines += ["", f"The first row had {asked} labels of {labels['pool']:,} (and {cost}); the second had them all."]
    lines += [f"Over {labels['seeds']} seeds, asking by strategy `mixed` reached macro-F1 {best} on held-out"]
    lines += [f"flows with {asked} labels; asking at random, {last['random']:.3f}."]
    return "\n".join(lines)


def between(text: str) -> str:
    """Return what stands between the marks in `text`.

    Raises:
        ValueError: If the marks are not there.
    """
    found = re.search(f"{re.escape(BEGIN)}\\n(.*?)\\n{re.escape(END)}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"README.md: the marks {BEGIN} and {END} are not there")
    return found.group(1)


if __name__ == "__main__":
    source = Path(sys.argv[1]).read_text() if len(sys.argv) > 1 else sys.stdin.read()
    readme = ROOT / "README.md"
    text = readme.read_text()
    readme.write_text(text.replace(between(text), render(json.loads(source))))
