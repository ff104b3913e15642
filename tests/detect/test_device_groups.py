import pytest

from redshank.detect import device_groups
from redshank.detect.device_groups import DeviceGroups


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="10.0.0.0/33"):
        DeviceGroups({"10.0.0.0/33": "cameras"})


def test_addresses_that_are_known_are_bounded_and_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_groups, "KNOWN_ADDRESSES", 4)
    groups = DeviceGroups({"10.0.0.0/24": "cameras", "fd00::/8": "inside"})
    for _ in range(2):
        assert {groups.of(f"10.0.0.{n}") for n in range(20)} == {"cameras"}
    assert [groups.of(one) for one in ("fd00::1", "10.0.1.1", "not an address", "", None)] == ["inside", *["all"] * 4]


def test_what_another_thread_forgets_meanwhile_harms_nobody() -> None:
    class Forgetful(dict[str, str]):
        def __contains__(self, name: object) -> bool:
            found = super().__contains__(name)
            self.clear()
            return found

    groups = DeviceGroups({"10.0.0.0/24": "cameras"})
    groups._known = Forgetful()
    assert [groups.of("10.0.0.7") for _ in range(3)] == ["cameras"] * 3
