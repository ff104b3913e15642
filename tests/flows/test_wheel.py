from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.flows import emit, interim, pools, table, wheel
from redshank.flows.meter import MeterSettings
from traces import SMALL, metered, trace


@settings(max_examples=100, deadline=None)
@given(
    deadlines=st.lists(st.integers(0, 2_000 * 10**9), min_size=1, max_size=12),
    steps=st.lists(st.integers(0, 900 * 10**9), min_size=1, max_size=12),
)
def test_a_sweep_ends_what_is_over_and_only_that(deadlines: list[int], steps: list[int]) -> None:
    tables, out = table.make(16, 1), emit.make(64)
    for number, deadline in enumerate(deadlines):
        index = pools.take_row(tables)
        row = tables.rows[index]
        row["deadline_ns"], row["due_ns"], row["live"], row["serial"] = deadline, interim.NEVER, 1, number
        table.insert(tables.slots, 0, index)
        wheel.link(tables, index)
        tables.state[table.LIVE] += 1
    clock = 0
    for step in steps:
        clock += step
        assert wheel.sweep(tables, out, clock, SMALL.limits()[0])
        ended = set(out.rows["serial"][: tables.state[table.OUT]].tolist())
        width = 1 << wheel.BUCKET_BITS
        assert {n for n, deadline in enumerate(deadlines) if deadline < clock - width} <= ended
        assert ended <= {n for n, deadline in enumerate(deadlines) if deadline <= clock}
        assert len(ended) + tables.state[table.LIVE] == len(deadlines)


def test_a_timeout_longer_than_the_wheel_holds() -> None:
    settings = MeterSettings(capacity=64, seed=1, udp_idle_s=5000, interim_s=0, interim_packets=0)
    others = "\n".join(f"{second} > 8/0 1" for second in range(10, 4990, 10))
    rows = metered(trace(f"0 > - 1\n{others}\n4999 > - 1"), settings)
    assert sorted(row["src_pkts"] for row in rows if row["proto"] == "udp") == [2]
    rows = metered(trace(f"0 > - 1\n{others}\n5000 > - 1"), settings)
    assert sorted(row["src_pkts"] for row in rows if row["proto"] == "udp") == [1, 1]
