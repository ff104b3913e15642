"""FLOW batches drawn at random: every field null, usual, extreme or hostile, by its Arrow type."""

import numpy as np
import pyarrow as pa

from redshank.core.schema import FLOW, flow_batch

TEXTS = (
    "",
    "-",
    "tcp",
    "udp",
    "icmp",
    "dns",
    "http,ssl",
    "smb;gssapi",
    "SF",
    "S0",
    "OTH",
    "; ,",
    "x" * 300,
    "\x00",
    "é",
)
WHOLE = (0, 1, 2, 1500, -1, 2**31 - 1, -(2**31))
LONG = (*WHOLE, 3_890_855_126, 2**63 - 1, -(2**63))
REAL = (0.0, -0.0, 1e-9, 4e-7, 0.25, 93_516.92917, -1.0, 1e300, float("inf"), float("-inf"), float("nan"))


def random_flows(rows: int, seed: int) -> pa.RecordBatch:
    """Draw `rows` FLOW rows; a quarter of all values are null."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for field in FLOW:
        choices: tuple[object, ...]
        if pa.types.is_list(field.type):
            lists = [(), (1,), (-52, 1500, 40)]
            columns[field.name] = pa.array([lists[at] for at in rng.integers(0, 3, rows)], field.type)
            continue
        if pa.types.is_floating(field.type):
            choices = (*REAL, float(rng.exponential()))
        elif field.type == pa.int64():
            choices = (*LONG, int(rng.integers(1, 10_000)))
        elif pa.types.is_string(field.type):
            choices = TEXTS
        elif pa.types.is_boolean(field.type):
            choices = (True, False)
        else:
            choices = WHOLE
        picked = rng.integers(0, len(choices), rows)
        values = [None if null else choices[at] for at, null in zip(picked, rng.random(rows) < 0.25, strict=True)]
        columns[field.name] = pa.array(values, type=pa.int64()).cast(field.type) if choices is WHOLE else values
    return flow_batch(columns, rows)
