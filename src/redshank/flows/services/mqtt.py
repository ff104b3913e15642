"""MQTT: CONNECT with its protocol name, or CONNACK.

Source: MQTT 3.1.1 and 5.0 (OASIS), sections 3.1 and 3.2.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts
from redshank.flows.service import FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=6, client=b"\x10", server=b"\x20")


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int, port: int) -> int:
    if proto != 6 or end - at < 4:
        return UNKNOWN
    if data[at] == 0x20 and port in (1883, 8883) and data[at + 1] < 128 and data[at + 2] <= 1:
        return FROM_SERVER
    if data[at] != 0x10:
        return UNKNOWN
    place = at + 1
    for _ in range(4):  # the remaining length, 7 bits a byte
        if place >= end or data[place] < 128:
            break
        place += 1
    place += 1
    if starts(data, place, end, b"\x00\x04MQTT") or starts(data, place, end, b"\x00\x06MQIsdp"):
        return FROM_CLIENT
    return UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto, stream.resp_port) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto, stream.resp_port) & FROM_SERVER
        found[k] = client != 0 or server != 0
