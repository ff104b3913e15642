import pytest

from redshank.core.metrics import Metrics


def test_two_pipelines_do_not_share_counters() -> None:
    one, two = Metrics(), Metrics()
    one.count("redshank_packets_total", 5)
    assert (one.total("redshank_packets_total"), two.total("redshank_packets_total")) == (5, 0)


def test_labelled_counters_are_kept_apart_and_summed() -> None:
    metrics = Metrics()
    metrics.count("redshank_anomalies_total", 2, stage="decode", name="ipv4_truncated")
    metrics.count("redshank_anomalies_total", 1, stage="pcap", name="truncated")
    assert metrics.labelled("redshank_anomalies_total") == {("decode", "ipv4_truncated"): 2, ("pcap", "truncated"): 1}
    assert metrics.total("redshank_anomalies_total") == 3


def test_a_name_that_is_not_declared_is_refused() -> None:
    with pytest.raises(KeyError, match="redshank_typo_total"):
        Metrics().count("redshank_typo_total")


def test_the_text_is_what_prometheus_scrapes() -> None:
    metrics = Metrics()
    metrics.set("redshank_packet_time_seconds", 12.5)
    metrics.count("redshank_alerts_total", family="dos")
    lines = metrics.text().splitlines()
    assert "redshank_packet_time_seconds 12.5" in lines
    assert 'redshank_alerts_total{family="dos"} 1.0' in lines


def test_the_process_is_told_of_by_the_names_that_other_programs_use() -> None:
    shown = dict(line.split() for line in Metrics().text().splitlines() if line.startswith("process_"))
    assert float(shown["process_resident_memory_bytes"]) > 2**20
    assert float(shown["process_open_fds"]) >= 3
    assert float(shown["process_start_time_seconds"]) > 1.6e9
    assert float(shown["process_cpu_seconds_total"]) > 0


def test_values_have_their_labels_with_dots_between_them() -> None:
    metrics = Metrics()
    metrics.count("redshank_anomalies_total", 2, stage="decode", name="ipv4_truncated")
    metrics.expect("redshank_anomalies_total", stage="decode", name="ipv6_truncated")
    assert metrics.named("redshank_anomalies_total") == {"decode.ipv4_truncated": 2}


def test_a_counter_that_is_expected_is_shown_before_anything_happened() -> None:
    metrics = Metrics()
    metrics.expect("redshank_alerts_total", family="dos")
    assert 'redshank_alerts_total{family="dos"} 0.0' in metrics.text().splitlines()
    assert metrics.labelled("redshank_alerts_total") == {}
