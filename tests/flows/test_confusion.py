"""Which services take one another for themselves, and how often noise is taken for one.

Each service's own examples (example and YES of its test) are shown to all services, on its own port and on the ports of
all others; only the pairs of MAY may both be found. Then 20,000 random flows are shown, and fewer than a handful named.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from payloads import streams_of
from redshank.flows.service import NAMES, STREAM, Recognizer

SERVICES = Path(__file__).parent / "services"
MAY = {
    ("gssapi", "ldap_tcp"): "a bind carries it",
    ("gssapi", "smb"): "a session is set up with it",
    ("gssapi", "dce_rpc"): "a bind carries it",
    ("ntlm", "ldap_tcp"): "a bind carries it",
    ("ntlm", "smb"): "a session is set up with it",
    ("opcua", "dns"): "on port 53 dns believes what may be a header",
    ("quic", "ssl"): "it carries TLS",
    ("rdp", "dns"): "on port 53 dns believes what may be a header",
}
"""(whose example, who may find himself in it too): why."""


def _test_of(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"examples_of_{name}", SERVICES / f"test_{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _named(bits: np.uint64) -> set[str]:
    return {name for place, name in enumerate(NAMES) if int(bits) >> place & 1}


def test_no_service_takes_another_for_itself() -> None:
    recognizer = Recognizer()
    examples = {}
    for name in NAMES:
        module = _test_of(name)
        if hasattr(module, "example"):  # not those that are announced
            client, server, proto, port = module.example()
            examples[name] = [*getattr(module, "YES", []), (client, server)], (proto, port)
    ports = sorted({port for _, (_, port) in examples.values()})
    wrong = set()
    for name, (flows, (proto, own)) in examples.items():
        for port in ports:
            data, streams = streams_of(flows, proto=proto, port=port)
            for bits in recognizer.look(data, streams):
                others = _named(bits) - {name}
                wrong |= {(name, other, port, port == own) for other in others if (name, other) not in MAY}
    assert wrong == set()


@pytest.mark.parametrize("first", [None, (0, 1, 3, 5, 8, 22, 36, 42, 48, 60, 64, 96, 129, 255)])
def test_noise_is_hardly_ever_named(first: tuple[int, ...] | None) -> None:
    random = np.random.default_rng(11)
    count = 20_000
    ports = (21, 23, 25, 53, 67, 88, 110, 123, 143, 161, 389, 445, 502, 514, 1812, 1883, 2152, 3389, 4789, 5683, 44818)
    lengths = random.integers(0, 160, (count, 2))
    data = random.integers(0, 256, int(lengths.sum()) + 1).astype(np.uint8)
    ends = np.cumsum(lengths.ravel()).reshape(count, 2)
    streams = np.zeros(count, STREAM)
    for side, name in enumerate(("client", "server")):
        streams[f"{name}_at"], streams[f"{name}_end"] = ends[:, side] - lengths[:, side], ends[:, side]
        if first is not None:
            some = lengths[:, side] > 0
            data[streams[f"{name}_at"][some]] = random.choice(first, int(some.sum()))
    streams["proto"], streams["resp_port"] = random.choice([6, 17], count), random.choice(ports, count)
    named = [sorted(_named(bits)) for bits in Recognizer().look(data, streams) if bits]
    assert len(named) <= 5, named
