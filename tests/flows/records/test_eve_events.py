import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.schema import FLOW
from redshank.flows.records.eve_events import ANSWER, APPLICATIONS, EVENT, QUERY, applications, first_of, services
from redshank.flows.records.json_records import read_objects


def read(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    (table,) = read_objects(json.dumps(event).encode(), EVENT, print)
    found = applications(kind, table, lambda *_: None)
    return {name: column.to_pylist()[0] for name, column in found.items()}


def test_every_column_is_one_of_flow() -> None:
    names = [name for columns in APPLICATIONS.values() for name in columns]
    assert len(set(names)) == len(names)
    assert set(names) <= set(FLOW.names)


@pytest.mark.parametrize(
    "dns", [{"rrname": "a.example", "rrtype": "HTTPS"}, {"queries": [{"rrname": "a.example", "rrtype": "TYPE65"}]}]
)
def test_a_dns_query_is_read_in_the_old_form_and_the_new(dns: dict[str, Any]) -> None:
    assert read(QUERY, {"dns": dns}) == {"dns_query": "a.example", "dns_qtype": 65}


def test_a_flag_that_a_dns_answer_leaves_out_is_false() -> None:
    assert read(ANSWER, {"dns": {"rcode": "REFUSED", "rd": True}}) == {
        "dns_rcode": 5,
        "dns_AA": False,
        "dns_RD": True,
        "dns_RA": False,
    }


def test_http_tls_and_mqtt_events_are_told_in_zeeks_terms() -> None:
    http = {"hostname": "h", "url": "/x", "protocol": "HTTP/1.1", "status": 200, "length": 5, "http_method": "GET"}
    assert read("http", {"tx_id": 0, "http": http}) == {
        "http_method": "GET",
        "http_host": "h",
        "http_uri": "/x",
        "http_version": "1.1",
        "http_user_agent": None,
        "http_status_code": 200,
        "http_response_body_len": 5,
        "http_trans_depth": 1,
    }
    tls = {"version": "TLS 1.3", "sni": "s", "ja3": {"hash": "ab"}, "client_alpns": ["h2", "http/1.1"]}
    found = read("tls", {"tls": tls})
    assert (found["ssl_version"], found["ssl_alpn"], found["ssl_ja3"], found["ssl_resumed"]) == (
        "TLSv13",
        "h2",
        "ab",
        None,
    )
    mqtt = {"connect": {"client_id": "c", "protocol_version": 5}, "connack": {"return_code": 0}}
    assert list(read("mqtt", {"mqtt": mqtt}).values()) == ["c", 5, 0]


def test_services_have_zeeks_names_and_a_failed_guess_is_none() -> None:
    names = pa.array(["tls", "krb5", "dcerpc", "mqtt", "failed", None])
    assert services(names).to_pylist() == ["ssl", "krb", "dce_rpc", "mqtt", None, None]


def test_the_first_of_each_list_is_found_through_nulls_and_slices() -> None:
    lists = pa.array([["x"], None, [], ["a", "b"], [None, "c"]], pa.list_(pa.string()))
    assert first_of(lists).to_pylist() == ["x", None, None, "a", None]
    assert first_of(lists[2:]).to_pylist() == [None, "a", None]
    assert first_of(lists[:0]).to_pylist() == []


ODD = st.none() | st.text(max_size=5) | st.integers() | st.lists(st.text(max_size=3), max_size=2)


MEMBERS = st.sampled_from(["rrname", "rrtype", "rcode", "status", "version", "connect", "queries"])


@settings(max_examples=examples(50), deadline=None)
@given(
    kind=st.sampled_from(sorted(APPLICATIONS)),
    event=st.dictionaries(st.sampled_from(["dns", "http", "tls", "mqtt"]), ODD),
    inner=st.dictionaries(MEMBERS, ODD),
)
def test_any_event_is_read(kind: str, event: dict[str, Any], inner: dict[str, Any]) -> None:
    event = {**event, kind if kind in event else "dns": inner}
    assert set(read(kind, event)) == set(APPLICATIONS[kind])
