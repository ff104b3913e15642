"""Network interfaces as a source of flows, metered by one process or by several.

In: names of interfaces and the settings of the sensor. Out: a FlowSource that has begun to queue packets: every mistake
that can be known is told here.
"""

from collections.abc import Sequence

from redshank.capture.sources.live import Live, plan
from redshank.config import Sensor as Settings
from redshank.flows.fanout import Fanout
from redshank.flows.meter import MeterSettings
from redshank.flows.source import FlowSource
from redshank.flows.sources.sensor import Sensor
from redshank.flows.warm import warm


def wire(interfaces: Sequence[str], settings: Settings, meter: MeterSettings, *, bpf: str = "") -> FlowSource:
    """Open some interfaces.

    Args:
        interfaces: Names, as `ip link` shows them.
        settings: How to capture; `settings.bpf` is not looked at.
        meter: How to meter; the capacity is shared by the workers.
        bpf: Which packets to take, as pcap-filter(7) says; all if blank.

    Raises:
        ConfigError: If a value is out of range, the filter is wrong, or there is no such interface.
        SourceError: If an interface is down, or we may not capture.
    """
    if settings.workers > 1:
        return Fanout(
            interfaces,
            settings.workers,
            meter,
            bpf=bpf,
            snap_bytes=settings.snap_bytes,
            promiscuous=settings.promiscuous,
            ring_mib=settings.ring_mib,
        )
    # What a person got wrong is told at once, and packets queue only when somebody is ready to read them.
    plan(interfaces, bpf, settings.snap_bytes, settings.ring_mib)
    warm()
    packets = Live(
        interfaces,
        bpf=bpf,
        snap_bytes=settings.snap_bytes,
        promiscuous=settings.promiscuous,
        ring_mib=settings.ring_mib,
    )
    return Sensor(packets, meter, live=True, claims=True)
