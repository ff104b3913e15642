"""nfstream over a capture: its flows with their statistics and applications; prints packets and flows."""

import sys

from nfstream import NFStreamer  # type: ignore[import-not-found]  # lives in .venv-bench

packets = flows = 0
for flow in NFStreamer(source=sys.argv[1], statistical_analysis=True, n_meters=1):
    packets += flow.bidirectional_packets
    flows += 1
print(packets, flows)
