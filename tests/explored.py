"""A labelled table with every leak that an audit looks for, drawn by seed."""

import functools

import numpy as np
import pyarrow as pa

from redshank.core.schema import flow_batch
from redshank.data.dataset import Labelled
from redshank.data.explore.survey import Survey, survey
from redshank.data.explore.table import Table, from_labelled

ROWS = 1200


@functools.cache
def leaking() -> Labelled:
    """Return rows sorted by family: an address that names the side, a row number, blanks that tell, copies, noise."""
    rng = np.random.default_rng(3)
    family = np.repeat(np.array(["benign", "dos", "scan"]), [600, 400, 200])
    attack = family != "benign"
    states = rng.choice(["high", "low"], ROWS)
    size = np.where(rng.random(ROWS) < 0.5, 100.0, np.round(rng.lognormal(6, 2, ROWS)))
    raw = pa.table(
        {
            "pkSeqID": np.arange(ROWS),
            "src_ip": np.where(attack, "10.0.0.9", rng.choice(["10.0.0.1", "10.0.0.2"], ROWS)),
            "ts": 1.5e9 + np.arange(ROWS) * 60.0,
            "state": np.where(attack, states, np.char.add(states, " ")),
            "service": rng.choice(["-", "dns", "http"], ROWS),
            "size": pa.array([None if v == 100 and i % 7 == 0 else v for i, v in enumerate(size)], pa.float64()),
            "double": size * 2 + 1,
            "constant": ["x"] * ROWS,
            "nothing": pa.nulls(ROWS, pa.float64()),
        }
    )
    return Labelled(flow_batch({}, ROWS), family, raw, "0" * 64, "leaking", ("drawn for tests",))


@functools.cache
def table() -> Table:
    """Return the rows as an explorer sees them."""
    return from_labelled(leaking())


@functools.cache
def surveyed() -> Survey:
    """Return the exploration of the rows."""
    return survey(table())


@functools.cache
def unlabelled() -> Survey:
    """Return the exploration of rows without classes."""
    labelled = leaking()
    return survey(from_labelled(Labelled(labelled.flows, np.repeat("benign", ROWS), labelled.raw, "", "plain")))
