import pytest

from redshank.core.schema import FLOW
from redshank.detect.sigma.fields import KINDS, RuleError, other_names, source_of


def test_every_column_but_times_and_lists_can_be_asked_about() -> None:
    assert set(FLOW.names) - KINDS.keys() == {"ts", "first_sizes_bytes", "first_gaps_s"}


@pytest.mark.parametrize(
    ("category", "product", "service", "name", "column"),
    [
        (None, "zeek", "conn", "id.orig_h", "src_ip"),
        (None, "zeek", "conn", "resp_bytes", "dst_bytes"),
        (None, "zeek", "dns", "query", "dns_query"),
        (None, "zeek", "http", "version", "http_version"),
        (None, "zeek", "ssl", "version", "ssl_version"),
        (None, "zeek", "mqtt", "topic", "mqtt_topics"),
        ("network_connection", "windows", None, "DestinationPort", "dst_port"),
        ("firewall", None, None, "dst_ip", "dst_ip"),
        ("dns", None, None, "record_type", "dns_qtype"),
        ("proxy", None, None, "c-uri", "http_uri"),
        ("proxy", None, None, "r-dns", "http_host"),
        ("webserver", None, None, "sc-status", "http_status_code"),
        (None, "redshank", "flow", "mqtt_connect_code", "mqtt_connect_code"),
    ],
)
def test_names_of_zeek_and_sigma_mean_columns_of_flow(
    category: str | None, product: str | None, service: str | None, name: str, column: str
) -> None:
    found = source_of(category, product, service).find(name)
    assert found is not None
    assert found.column == column


def test_a_name_of_another_log_is_not_known() -> None:
    assert source_of(None, "zeek", "conn").find("query") is None


def test_a_refusal_suggests_names_that_are_near() -> None:
    assert source_of(None, "zeek", "dns").refusal("qury") == (
        "flows have no field 'qury'; near are query, dns_query; `redshank rules fields` lists what they have"
    )


@pytest.mark.parametrize(
    ("category", "product", "service", "told"),
    [
        ("process_creation", "windows", None, "logsource.category: no flows for 'process_creation'; "),
        (None, "windows", "security", "logsource.product: no flows for 'windows'; "),
        (None, "zeek", "dsn", "logsource.service: no flows for 'dsn'; did you mean 'dns'?"),
    ],
)
def test_a_log_source_that_flows_cannot_stand_for_is_refused(
    category: str | None, product: str | None, service: str | None, told: str
) -> None:
    with pytest.raises(RuleError, match="logsource") as error:
        source_of(category, product, service)
    assert str(error.value).startswith(told)


def test_other_names_of_a_column_are_those_of_all_logs() -> None:
    assert other_names("dst_port") == ["DestinationPort", "id.resp_p"]
    assert other_names("vlan") == []
