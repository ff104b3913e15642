import pyarrow as pa
import pytest

from redshank.core.schema import FLOW
from redshank.flows.records.zeek_logs import CERTIFICATES, CHAIN, FILES, LOGS, SERVICES, application_columns


def test_every_column_names_a_field_of_flow_once() -> None:
    names = [name for columns in LOGS.values() for name in columns.values()]
    assert len(set(names)) == len(names)
    assert set(names) | set(CERTIFICATES.values()) <= {*FLOW.names, CHAIN, FILES}
    assert set(SERVICES.values()) <= set(LOGS)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("dns_AA", "T", True),
        ("dns_rejected", "false", False),
        ("dns_qtype", "65", 65),
        ("http_status_code", "404", 404),
        ("http_request_body_len", "12345678901", 12_345_678_901),
        ("mqtt_level", "3.1", 3),
        ("mqtt_level", "5.0", 5),
        ("mqtt_connect_code", "Connection Accepted", 0),
        ("mqtt_connect_code", "Refused: bad user name or password", 4),
        ("ssl_server_name", "a\x1b[2J", "a\\x1b[2J"),
        ("chain", "ab,cd", "ab,cd"),
    ],
)
def test_a_value_of_a_log_is_read_as_its_field(name: str, text: str, value: object) -> None:
    assert application_columns({name: pa.array([text])}, print)[name].to_pylist() == [value]


def test_a_value_that_cannot_be_is_null_and_counted() -> None:
    counted = []
    texts = {"dns_qtype": pa.array(["AAAA", "99999999999"]), "mqtt_connect_code": pa.array(["?", None])}
    found = application_columns(texts, lambda name, rows: counted.append((name, rows)))
    assert found["dns_qtype"].null_count == 2
    assert counted == [("dns_qtype_unreadable", 2), ("mqtt_connect_code_unreadable", 1)]
