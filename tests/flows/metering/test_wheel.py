from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.meter import MeterSettings
from redshank.flows.metering import interim, pools, slots, wheel
from redshank.flows.metering.table import Table
from traces import SMALL, metered, trace


@settings(max_examples=examples(100), deadline=None)
@given(
    deadlines=st.lists(st.integers(0, 2_000 * 10**9), min_size=1, max_size=12),
    steps=st.lists(st.integers(0, 900 * 10**9), min_size=1, max_size=12),
)
def test_a_sweep_ends_what_is_over_and_only_that(deadlines: list[int], steps: list[int]) -> None:
    tables = Table(16, 1)
    memory = tables.memory
    for number, deadline in enumerate(deadlines):
        index = pools.take_row(memory)
        row = tables.rows[index]
        row["deadline_ns"], row["due_ns"], row["live"], row["serial"] = deadline, interim.NEVER, 1, number
        slots.insert(tables.slots, 0, index)
        wheel.link(memory, index)
        memory["live"] += 1
    clock = 0
    for step in steps:
        clock += step
        assert wheel.sweep(memory, clock, SMALL.limits()[0])
        ended = set(tables.out_rows["serial"][: memory["out"]].tolist())
        width = 1 << wheel.BUCKET_BITS
        assert {n for n, deadline in enumerate(deadlines) if deadline < clock - width} <= ended
        assert ended <= {n for n, deadline in enumerate(deadlines) if deadline <= clock}
        assert len(ended) + memory["live"] == len(deadlines)


def test_a_timeout_longer_than_the_wheel_holds() -> None:
    settings = MeterSettings(capacity=64, seed=1, udp_idle_s=5000, interim_s=0, interim_packets=0)
    others = "\n".join(f"{second} > 8/0 1" for second in range(10, 4990, 10))
    rows = metered(trace(f"0 > - 1\n{others}\n4999 > - 1"), settings)
    assert sorted(row["src_pkts"] for row in rows if row["proto"] == "udp") == [2]
    rows = metered(trace(f"0 > - 1\n{others}\n5000 > - 1"), settings)
    assert sorted(row["src_pkts"] for row in rows if row["proto"] == "udp") == [1, 1]
