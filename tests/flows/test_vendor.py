from pathlib import Path

import pytest

from redshank.flows.vendor import Vendors

HEAD = "Registry,Assignment,Organization Name,Organization Address\n"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    (tmp_path / "oui.csv").write_text(
        f'{HEAD}MA-L,00000C,"Cisco  Systems, Inc","80 W, San Jose"\nMA-L,741AE0,IEEE Registration Authority,\nMA-L\n'
        "MA-L,02AABB,Never To Be Seen,\n"
    )
    (tmp_path / "mam.csv").write_text(f"{HEAD}MA-M,741AE09,Middle AG,Zürich\n")
    (tmp_path / "oui36.csv").write_text(f"{HEAD}MA-S,741ae0912,Small\x1b[2J,\n")
    return tmp_path


def test_the_longest_assignment_counts(registry: Path) -> None:
    vendors = Vendors((registry,))
    assert vendors.name("00:00:0c:12:34:56") == "Cisco Systems, Inc"
    assert vendors.name("00-00-0C-12-34-56") == "Cisco Systems, Inc"
    assert vendors.name("74:1a:e0:00:00:01") == "IEEE Registration Authority"
    assert vendors.name("74:1a:e0:90:00:01") == "Middle AG"
    assert vendors.name("74:1a:e0:91:20:01") == "Small\x1b[2J"
    assert vendors.name("74:1a:e0:91:30:01") == "Middle AG"


@pytest.mark.parametrize("mac", ["02:aa:bb:00:00:01", "01:00:5e:00:00:01", "00:00:0d:00:00:01", "", None, "zz:00", "1"])
def test_what_is_registered_to_nobody_has_no_vendor(mac: str | None, registry: Path) -> None:
    assert Vendors((registry,)).name(mac) is None


def test_a_system_without_the_registry_knows_no_vendor(tmp_path: Path) -> None:
    assert Vendors((tmp_path / "absent",)).name("00:00:0c:12:34:56") is None
    assert not Vendors((tmp_path / "absent",)).known
    assert Vendors((tmp_path / "absent", tmp_path)).known
    assert Vendors((tmp_path,)).name("00:00:0c:12:34:56") is None


def test_the_first_place_that_exists_is_read(registry: Path, tmp_path: Path) -> None:
    assert Vendors((tmp_path / "absent", registry)).name("00:00:0c:12:34:56") == "Cisco Systems, Inc"


def test_the_list_of_wireshark_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "manuf"
    path.write_text(
        "# 00:00:0C\tno\tNobody\n\n00:00:0C             \tCisco       \tCisco Systems, Inc\n"
        "00:1B:C5:00:00:00/36\tConvergi\tConverging Systems Inc.\n00:1B:C5\tIEEE\n"
    )
    vendors = Vendors((path,))
    assert vendors.name("00:00:0c:12:34:56") == "Cisco Systems, Inc"
    assert vendors.name("00:1b:c5:00:01:00") == "Converging Systems Inc."
    assert vendors.name("00:1b:c5:01:01:00") == "IEEE"
