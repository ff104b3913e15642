from typing import Any

import pytest

from payloads import Flow, fields_of, speaks, survives_anything

# RFC 9112, section 2.1 has no whole example; this is the one of RFC 9110, section 3.9.
REQUEST = (
    b"GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 27 Jul 2009 12:28:53 GMT\r\nServer: Apache\r\nContent-Length: 51\r\n"
    b"Content-Type: text/plain\r\n\r\nHello World! My content includes a trailing CRLF.\r\n"
)
YES: list[Flow] = [
    (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
    (b"\r\nPOST " + b"a" * 5000, b""),
    (b"", b"HTTP/1.1 200 OK\r\n"),
    (b"M-SEARCH * HTTP/1.1\r\n", b""),
    (b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n\x16\x03\x01", b"HTTP/1.0 200 fine\r\n\r\n"),
]
NO = [
    b"GET",
    b"get / HTTP/1.1\r\n",
    b"NICK bob HTTPS\r\n",
    b"A B HTTP/1.1",
    b"OPTIONS rtsp://x/ RTSP/1.0\r\n",
    b"HTTP/2",
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return REQUEST, RESPONSE, 6, 8080


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("http", client, server, proto=6, port=8081)


@pytest.mark.parametrize("payload", NO)
def test_what_is_only_like_it_is_not(payload: bytes) -> None:
    assert not speaks("http", payload, proto=6, port=8081)
    assert not speaks("http", b"", payload, proto=6, port=8081)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("http", *YES[0], proto=17, port=8081)


def test_any_bytes_survive() -> None:
    survives_anything("http", [*YES, (REQUEST, RESPONSE)], proto=6, port=8081)


def fields(client: bytes, server: bytes = b"") -> dict[str, Any]:
    read = fields_of("http", client, server, proto=6, port=80)
    return {name.removeprefix("http_"): value for name, value in read.items()}


def test_request_and_response_are_read() -> None:
    assert fields(REQUEST, RESPONSE) == {
        "method": "GET",
        "uri": "/hello.txt",
        "version": "1.1",
        "host": "www.example.com",
        "user_agent": "curl/7.64.1",
        "resp_mime_types": "text/plain",
        "trans_depth": 1,
        "status_code": 200,
        "request_body_len": 0,
        "response_body_len": 51,
    }


def test_a_response_alone_says_what_it_can() -> None:
    assert fields(b"", RESPONSE) == {
        "version": "1.1",
        "resp_mime_types": "text/plain",
        "trans_depth": 1,
        "status_code": 200,
        "request_body_len": 0,
        "response_body_len": 51,
    }


def test_a_request_without_answer_has_its_own_version() -> None:
    assert fields(b"GET / HTTP/1.0\r\n\r\n")["version"] == "1.0"
    assert fields(b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.0 404 No\r\n\r\n")["version"] == "1.0"


def test_a_posted_body_has_length_and_type() -> None:
    read = fields(b"POST /x HTTP/1.1\r\ncontent-TYPE:Application/JSON; charset=utf-8\r\nContent-Length: 7000\r\n\r\n{}")
    assert (read["orig_mime_types"], read["request_body_len"], read["trans_depth"]) == ("application/json", 7000, 1)


@pytest.mark.parametrize(
    ("response", "length"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", 11),
        (b"Transfer-Encoding: gzip, chunked\r\n\r\n1F\r\nonly the beginning", 18),
        (b"Connection: close\r\n\r\nuntil the end", 13),
        (b"Content-Length: 0\r\n\r\n", 0),
        (b"Content-Length: none\r\n\r\n", 0),
        (b"Content-Length: 99", 0),  # the line is not whole
    ],
)
def test_a_response_is_as_long_as_it_says_or_as_was_seen(response: bytes, length: int) -> None:
    assert fields(REQUEST, b"HTTP/1.1 200 OK\r\n" + response)["response_body_len"] == length


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", b"200"), (b"GET", b"304"), (b"GET", b"204"), (b"GET", b"101")]
)
def test_some_responses_have_no_body(method: bytes, status: bytes) -> None:
    response = b"HTTP/1.1 " + status + b" x\r\nContent-Length: 10\r\nContent-Type: a/b\r\n\r\n"
    read = fields(method + REQUEST[3:], response)
    assert read["response_body_len"] == 0
    assert "resp_mime_types" not in read


def test_informational_responses_are_passed_over() -> None:
    assert fields(REQUEST, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" + RESPONSE)["status_code"] == 200


@pytest.mark.parametrize(
    ("client", "depth"),
    [
        (REQUEST * 3, 3),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" + REQUEST, 2),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + REQUEST, 2),
        (b"POST / HTTP/1.1\r\nContent-Length: 500\r\n\r\nhello" + REQUEST, 1),
        (b"CONNECT x:443 HTTP/1.1\r\n\r\n" + REQUEST, 1),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" + REQUEST, 1),
        (b"GET / HTTP/1.1\r\n\r\n" * 200, 100),
    ],
)
def test_requests_are_counted(client: bytes, depth: int) -> None:
    assert fields(client)["trans_depth"] == depth


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        (b"/a%20b%2f%", "/a b/%"),
        (b"/?q=%27+OR+1%3D1--", "/?q='+OR+1=1--"),
        (b"/%zz%4", "/%zz%4"),
        (b"/with a blank", "/with a blank"),
        (b"/%00\xff", r"/\x00\xff"),
        (b"/" + b"x" * 2000, "/" + "x" * 1023),
    ],
)
def test_percent_signs_in_a_uri_are_resolved(target: bytes, uri: str) -> None:
    assert fields(b"GET " + target + b" HTTP/1.1\r\n\r\n")["uri"] == uri


def test_long_headers_are_cut() -> None:
    read = fields(b"GET / HTTP/1.1\r\nHost: " + b"h" * 999 + b"\r\nUser-Agent: " + b"u" * 999 + b"\r\n\r\n", RESPONSE)
    assert (len(read["host"]), len(read["user_agent"])) == (256, 480)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"text=%3Cscript%3Ealert%281%29%3C%2Fscript%3E&x=1", "text=<script>alert(1)</script>&x=1"),
        (b"addr=%3Bwget", "addr=;wget"),
        (b"user=admin&password=correct-horse", None),
        (b'{"temperature": 21.5}', None),
        (b"<\x00\x01binary", None),
        (b"", None),
        (b"a=" + b"<" * 600, "a=" + "<" * 510),
    ],
)
def test_what_is_posted_is_told_only_if_it_may_do_something(body: bytes, told: str | None) -> None:
    head = b"POST /form HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert fields(head + body + b"GET /<next HTTP/1.1\r\n\r\n").get("post_body") == told
    assert fields(head + body[:0]).get("post_body") is None
