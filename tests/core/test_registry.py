import sys
from pathlib import Path

import pytest

from redshank.core.errors import ConfigError
from redshank.core.registry import Kind


class Greeting:
    pass


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kind[Greeting]:
    folder = tmp_path / "greetings_for_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "hello.py").write_text(
        "import sys\nGreeting = sys.modules['greeting_contract'].Greeting\nclass Hello(Greeting):\n    pass\n"
    )
    (folder / "broken.py").write_text("raise RuntimeError('imported')\n")
    (folder / "empty.py").write_text("")
    monkeypatch.setitem(sys.modules, "greeting_contract", sys.modules[__name__])
    monkeypatch.syspath_prepend(tmp_path)
    return Kind("greetings_for_test", Greeting, "greeting")


def test_names_are_listed_without_importing_anything(kind: Kind[Greeting]) -> None:
    assert kind.names() == ["broken", "empty", "hello"]


def test_a_class_is_found_by_the_name_of_its_file(kind: Kind[Greeting], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "Greeting", Greeting)
    assert kind.find("hello").__name__ == "Hello"


def test_an_unknown_name_is_refused_with_the_nearest_and_all_names(kind: Kind[Greeting]) -> None:
    with pytest.raises(
        ConfigError, match="greeting: no 'helo'; did you mean 'hello'\\? \\(there are: broken, empty, hello\\)"
    ):
        kind.find("helo")


def test_a_file_without_an_implementation_is_a_mistake_of_its_author(kind: Kind[Greeting]) -> None:
    with pytest.raises(TypeError, match="empty must hold exactly one Greeting, it holds 0"):
        kind.find("empty")
