from redshank.console.area import AREAS, Area


def test_every_area_has_a_title_a_place_and_a_key_of_its_own() -> None:
    found = [AREAS.find(name) for name in AREAS.names()]
    assert all(issubclass(area, Area) and area.title and len(area.key) == 1 for area in found)
    assert len({area.key for area in found}) == len({area.place for area in found}) == len(found)
