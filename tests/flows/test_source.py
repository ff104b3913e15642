import pytest

from redshank.core.errors import ConfigError
from redshank.flows.source import FLOW_SOURCES, FlowSource


def test_zeek_is_a_flow_source() -> None:
    assert "zeek" in FLOW_SOURCES.names()
    assert issubclass(FLOW_SOURCES.find("zeek"), FlowSource)


def test_an_unknown_flow_source_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"flow source: no 'zek'; did you mean 'zeek'\?"):
        FLOW_SOURCES.find("zek")


def test_a_source_without_batches_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="batches"):
        FlowSource()  # type: ignore[abstract]
