import platform

import pytest

from redshank.core import layout


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code is called directly on x86-64 only")
def test_this_interpreter_keeps_its_objects_as_told() -> None:
    assert layout.holds()


def test_a_wrong_place_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUPLE_SIZE", "ARRAY_DATA", "ARRAY_NDIM", "ARRAY_DTYPE", "ARRAY_FLAGS", "RECORD_DATA", "RECORD_FLAGS"):
        with monkeypatch.context() as patch:
            patch.setattr(layout, name, getattr(layout, name) + 4)
            assert not layout.holds.__wrapped__(), name
