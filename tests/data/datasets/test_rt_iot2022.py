from pathlib import Path

from published import stand_in, text_of
from redshank.data.datasets.rt_iot2022 import CLASSES, COLUMNS, WHOLE, RtIot2022

ROWS = [
    {"index": "0", "proto": "tcp", "service": "mqtt", "Attack_type": "MQTT_Publish"},
    {"index": "1", "proto": "tcp", "Attack_type": "Thing_Speak"},
    {"index": "0", "proto": "udp", "service": "dns", "Attack_type": "ARP_poisioning"},
]


def example(place: Path) -> RtIot2022:
    """Write a table of three rows into the folder `place`."""
    return RtIot2022(files=(stand_in(place, WHOLE, ROWS, CLASSES),))


def test_what_devices_do_is_benign(tmp_path: Path) -> None:
    assert example(tmp_path).load(tmp_path).family.tolist() == ["benign", "benign", "arp_poisoning"]


def test_the_column_without_a_name_is_a_row_number(tmp_path: Path) -> None:
    assert text_of(WHOLE, ROWS).startswith(b",id.orig_p,")
    own = example(tmp_path).load(tmp_path).own
    assert own is not None
    assert own.table["index"].to_pylist() == [0, 1, 0]
    assert own.identifiers == {"index", "id.orig_p", "id.resp_p"}


def test_columns_have_units_and_those_of_many_sizes_are_heavy(tmp_path: Path) -> None:
    own = example(tmp_path).load(tmp_path).own
    assert own is not None
    assert len(COLUMNS) == 85
    assert [own.units.get(name) for name in ("flow_duration", "fwd_iat.avg", "bwd_pkts_payload.tot", "proto")] == [
        "s",
        "us",
        "bytes",
        None,
    ]
    assert {"flow_duration", "fwd_iat.avg", "idle.max", "payload_bytes_per_second"} <= own.heavy
    assert not {"down_up_ratio", "flow_SYN_flag_count", "fwd_init_window_size"} & own.heavy
