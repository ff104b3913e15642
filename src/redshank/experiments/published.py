"""The published form of an experiment: small enough to be kept beside the code, enough to make its tables again.

In: `Results`. Out: JSON with one line per cell, and the same results back from it. Curves and all figures that no table
shows are left out; which question a line answers is told by its key and the experiment's declaration.
"""

import json
from collections.abc import Mapping
from typing import Any

from redshank.experiments.cell import FORMAT, Result
from redshank.experiments.experiment import Experiment, Results


def publish(experiment: Experiment, results: Results) -> str:
    """Return the published form of what was measured.

    Args:
        experiment: The experiment.
        results: What is known of it.
    """
    names = frozenset(experiment.published())
    lines = [json.dumps(result.compact(names), sort_keys=True) for result in results.of()]
    seeds = len({cell.seed for cell in results.cells})
    head = json.dumps({"format": FORMAT, "seeds": seeds})[:-1]
    return f'{head}, "cells": [\n' + ",\n".join(lines) + "\n]}\n"


def read(experiment: Experiment, text: str) -> Results:
    """Return the results that `publish` wrote; lines that answer no cell declared today are left out.

    Raises:
        ValueError: If the text is of another format.
    """
    values: Mapping[str, Any] = json.loads(text)
    if values.get("format") != FORMAT:
        raise ValueError(f"published results: not of format {FORMAT}")
    cells = tuple(experiment.cells(range(values["seeds"])))
    by_key = {cell.key: cell for cell in cells}
    lines = {line["key"]: line for line in values["cells"] if line["key"] in by_key}
    return Results(cells, {key: Result.from_compact(by_key[key], line) for key, line in lines.items()})
