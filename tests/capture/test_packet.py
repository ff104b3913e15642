from redshank.capture.packet import ANOMALIES, HARMLESS, PACKET


def test_names_of_anomalies_are_distinct_and_hold_the_harmless_ones() -> None:
    assert len(set(ANOMALIES)) == len(ANOMALIES)
    assert set(HARMLESS) < set(ANOMALIES)


def test_a_packet_record_has_no_gaps_that_would_hold_stale_bytes() -> None:
    assert PACKET.names is not None
    used = sum(PACKET[name].itemsize for name in PACKET.names)
    assert PACKET.itemsize - used < 8  # only what aligns the next record
