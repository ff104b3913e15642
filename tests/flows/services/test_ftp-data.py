from payloads import found_in
from redshank.flows.service import NAMES, find


def test_content_says_nothing_of_it() -> None:
    assert "ftp-data" in NAMES
    assert found_in("ftp-data", [(b"", b"226 Transfer complete\r\n"), (b"\x7fELF", b"")], proto=6, port=20) == [0, 0]
    assert not list(find("ftp-data").hints[0].sides())  # its kernel is never even loaded
