from dataclasses import dataclass, field
from pathlib import Path

import pytest

from redshank.core.configured import arguments_of, configured
from redshank.core.errors import ConfigError
from redshank.core.registry import Kind


@dataclass(frozen=True)
class Bell:
    """Something that rings."""

    place: Path
    times: int = 1
    tones: tuple[str, ...] = ()
    token_file: Path | None = field(default=None, repr=False)
    of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ConfigError(f"times: {self.times} is not at least 1")


class Bells(Kind[Bell]):
    """A kind of one."""

    def find(self, name: str, where: str = "") -> type[Bell]:
        if name != "bell":
            raise ConfigError(f"{where}: no '{name}'")
        return Bell


BELLS = Bells("bells", Bell, "bell")


def test_values_become_fields_of_their_types() -> None:
    made = configured(BELLS, "bell", {"place": "tower", "tones": ["c", "g"]}, "bells.bell")
    assert made == Bell(Path("tower"), tones=("c", "g"))


def test_a_default_that_is_made_anew_each_time_is_the_default_of_its_argument() -> None:
    assert arguments_of(Bell).model_fields["of"].get_default(call_default_factory=True) == {}
    one, other = (configured(BELLS, "bell", {"place": "tower"}, "bells.bell") for _ in range(2))
    assert one.of == {}
    assert one.of is not other.of


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        configured(BELLS, "bell", {"time": 3, "times": "often"}, "bells.bell")
    assert sorted(caught.value.problems) == [
        "bells.bell.place: nothing given, and it has no default",
        (
            "bells.bell.time: there is no such setting; did you mean 'times'? (there are: place, times, tones, "
            "token_file, of)"
        ),
        (
            "bells.bell.times: 'often' is not allowed: input should be a valid integer, unable to parse string as an "
            "integer"
        ),
    ]


def test_yes_or_no_is_no_number() -> None:
    with pytest.raises(ConfigError, match=r"^bells.bell.times: True is not allowed: input should be a number$"):
        configured(BELLS, "bell", {"place": "tower", "times": True}, "bells.bell")


def test_what_the_extension_refuses_is_told_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"^bells.bell: times: 0 is not at least 1$"):
        configured(BELLS, "bell", {"place": "tower", "times": 0}, "bells.bell")


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        configured(BELLS, "bell", {"place": "tower", "token_file": 77_777}, "bells.bell")
    assert "77777" not in str(caught.value)
    assert "bells.bell.token_file: what was given is not allowed" in str(caught.value)
    with pytest.raises(ConfigError, match=r"bells.bell.times: 'https://hooks.example/...' is not allowed"):
        configured(BELLS, "bell", {"place": "tower", "times": "https://hooks.example/SECRET"}, "bells.bell")


class Gong(Bell):
    """Made by a constructor of its own."""

    def __init__(self, *, size_m: float = 1.0) -> None:
        super().__init__(Path(f"{size_m} m"))


def test_a_constructor_of_its_own_is_read_as_well() -> None:
    with pytest.raises(ConfigError, match=r"gong.size_m: 'big' is not allowed"):
        configured(Gongs("gongs", Bell, "gong"), "gong", {"size_m": "big"}, "gong")
    assert configured(Gongs("gongs", Bell, "gong"), "gong", {"size_m": 2}, "gong").place == Path("2.0 m")


class Gongs(Kind[Bell]):
    """Another kind of one."""

    def find(self, name: str, where: str = "") -> type[Bell]:
        assert (name, where) == ("gong", "gong")
        return Gong
