"""Make the flows of the lab's part "homes" from recordings.

In: folders that `redshank lab record` wrote. Out: a folder with one table of flows each, named by the recording's seed,
and recording.json with the hash of each and what was recorded. The tables hold conn.log's fields and the family: what
the feature set `conn` needs, at a tenth of a capture's size.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from redshank.data.datasets.lab import RECORDING, Lab

FIELDS = (
    *("ts", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service", "duration", "src_bytes", "dst_bytes"),
    *("conn_state", "missed_bytes", "history", "src_pkts", "src_ip_bytes", "dst_pkts", "dst_ip_bytes", "part"),
)
TOLD = ("seed", "seconds", "lab_version", "frames", "flows", "families")


def main(words: list[str]) -> int:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", nargs="+", type=Path, help="folders of recordings")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the folder to write")
    chosen = parser.parse_args(words)
    chosen.out.mkdir(parents=True, exist_ok=True)
    hashes, recordings = dict[str, str](), dict[str, object]()
    for folder in chosen.recordings:
        recorded = json.loads((folder / RECORDING).read_text())
        labelled = Lab().load(folder)
        table = pa.Table.from_batches([labelled.flows]).select(FIELDS)
        table = table.append_column("family", pa.array(labelled.family.tolist()))
        file = chosen.out / f"seed-{recorded['seed']}.parquet"
        parquet.write_table(table, file, compression="zstd", compression_level=19)
        hashes[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        recordings[file.name] = {name: recorded[name] for name in TOLD}
    about = {"sha256": hashes, "recordings": recordings}
    (chosen.out / RECORDING).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
