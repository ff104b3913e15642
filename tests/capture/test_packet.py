from redshank.capture.packet import ANOMALIES, CARRIES, HARMLESS, METERED_CARRIER, PACKET, PLAIN


def test_names_of_anomalies_are_distinct_and_hold_the_harmless_ones() -> None:
    assert len(set(ANOMALIES)) == len(ANOMALIES)
    assert set(HARMLESS) < set(ANOMALIES)


def test_a_packet_takes_one_and_a_half_cache_lines_and_metering_looks_at_the_first() -> None:
    assert PACKET.itemsize == 96
    assert PACKET.fields is not None
    first = {name for name, (kind, offset, *_) in PACKET.fields.items() if offset + kind.itemsize <= 64}
    assert first >= {"ts_ns", "src_lo", "dst_lo", "src_port", "dst_port", "proto", "tcp_flags", "seq", "ack"}
    assert first >= {"version", "payload_length", "ip_length", "bad_checksum"}


def test_what_carries_is_told_from_what_is_metered_too() -> None:
    assert len({PLAIN, CARRIES, METERED_CARRIER}) == 3
    assert PLAIN == 0  # as in a record of zeros
