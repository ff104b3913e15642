import gzip

import pyarrow.compute as pc

from redshank.capture.sources.pcap import Pcap
from redshank.data.labels import read_labels
from redshank.data.place import UNSEEN


def frames() -> list[tuple[int, bytes]]:
    """Cut the first five seconds of the flood out of the recording: the packets of its two devices, and of no other."""
    labels = read_labels(gzip.decompress((UNSEEN / "labels.csv.gz").read_bytes()))
    flood = labels.filter(pc.equal(labels["activity"], "syn flood")).sort_by("start_s").slice(0, 1).to_pylist()[0]
    begin_ns = round(flood["start_s"] * 1e9)
    ends = {bytes(map(int, flood[side].split("."))) for side in ("src_ip", "dst_ip")}
    found: list[tuple[int, bytes]] = []
    for block in Pcap(UNSEEN / "capture.pcap.gz").blocks():
        for at, size, ts_ns in zip(block.offset.tolist(), block.captured.tolist(), block.ts_ns.tolist(), strict=True):
            frame = block.data[at : at + size].tobytes()
            if 0 <= ts_ns - begin_ns < 5_000_000_000 and {frame[26:30], frame[30:34]} == ends:
                found.append((ts_ns, frame))
    return found
