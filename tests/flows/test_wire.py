import pytest

from redshank.capture.sources.live import Live
from redshank.config import Sensor as Settings
from redshank.core.errors import ConfigError
from redshank.flows.fanout import Fanout
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor
from redshank.flows.wire import wire
from wires import FAR, private_network

pytestmark = pytest.mark.root


def test_one_worker_is_this_process_and_several_are_their_own() -> None:
    with private_network():
        alone = wire([FAR], Settings(ring_mib=1), MeterSettings())
        shared = wire([FAR], Settings(ring_mib=1, workers=2), MeterSettings(), bpf="udp")
        assert isinstance(alone, Sensor)
        assert isinstance(alone._source, Live)
        assert isinstance(shared, Fanout)
        alone.stop()
        assert list(alone.batches()) == []
        shared._close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_wrong_filter_is_told_whoever_captures(workers: int) -> None:
    with private_network(), pytest.raises(ConfigError, match="bpf: 'prot': can't parse filter"):
        wire([FAR], Settings(workers=workers), MeterSettings(), bpf="prot")
