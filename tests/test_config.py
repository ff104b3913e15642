import os
from collections.abc import Collection
from pathlib import Path

import pytest

from redshank.config import Settings, load
from redshank.core.errors import ConfigError


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins over a file, and whoever runs the tests may have settings there."""
    for name in [name for name in os.environ if name.startswith("REDSHANK_")]:
        monkeypatch.delenv(name)


def _file(place: Path, text: str) -> Path:
    path = place / "redshank.toml"
    path.write_text(text)
    return path


def test_without_a_file_every_setting_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDSHANK_DATA", raising=False)
    assert load().data == Path("../shared")
    assert load().detect.bundle is None


def test_a_file_sets_what_it_names(tmp_path: Path) -> None:
    settings = load(_file(tmp_path, "[alerts]\nwindow_s = 60\n"))
    assert settings.alerts.window_s == 60
    assert settings.alerts.unknown_minimum == 20


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_ALERTS__WINDOW_S", "30")
    settings = load(_file(tmp_path, "[alerts]\nwindow_s = 60\nunknown_minimum = 5\n"))
    assert settings.alerts.window_s == 30
    assert settings.alerts.unknown_minimum == 5


def test_every_mistake_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    path = _file(tmp_path, "[alerts]\nwindow_s = -3\nwindw = 4\n\n[sensor]\ncapacity = 'many'\nring_mib = true\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(caught.value.problems) == 4
    text = str(caught.value)
    assert "sensor.ring_mib: True is not allowed: input should be a number" in text
    assert f"alerts.window_s: -3 is not allowed: input should be greater than or equal to 1 ({path}, line 2)" in text
    assert f"alerts.windw: there is no such setting ({path}, line 3)" in text
    assert "sensor.capacity: 'many' is not allowed" in text
    assert "line 6" in text


def test_a_section_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"responder: there is no such setting \(.*line 1\)"):
        load(_file(tmp_path, "[responder]\nmode = 1\n"))


def test_a_wrong_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_ALERTS__WINDOW_S", "soon")
    with pytest.raises(ConfigError, match="'soon' is not allowed.*REDSHANK_ALERTS__WINDOW_S"):
        load()


def test_a_wrong_variable_is_blamed_and_not_the_file_that_it_overrules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDSHANK_ALERTS__WINDOW_S", "soon")
    with pytest.raises(ConfigError, match=r"'soon' is not allowed.*\(environment, REDSHANK_ALERTS__WINDOW_S\)"):
        load(_file(tmp_path, "[alerts]\nwindow_s = 60\n"))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("REDSHANK_DETCT__BUNDLE", "x", "REDSHANK_DETCT__BUNDLE: there is no section 'detct'; there are: alerts, arch"),
        ("REDSHANK_DETECT", '{"a"', "REDSHANK_DETECT='{\"a\"' is not allowed: it is a section; set REDSHANK_DETECT__N"),
        ("REDSHANK_DETECT__RATE", "1", r"detect.rate: there is no such setting \(environment, REDSHANK_DETECT__RATE\)"),
    ],
)
def test_a_variable_that_is_no_setting_is_named(
    variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=message):
        load()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 20_000, "redshank.toml' is not TOML: maximum recursion"),
        ("detect = 5\n", r"detect: 5 is not allowed: it is a section, with settings of its own \(.*, line 1\)"),
        ("[[detect]]\nx = 1\n", r"detect: \[\{'x': 1\}\] is not allowed: it is a section.* \(.*, line 1\)"),
        ("data = 5\n", r"data: 5 is not allowed: write a path in quotes \(.*, line 1\)"),
    ],
)
def test_odd_toml_is_one_clear_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(_file(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_false_alarm_rate_without_a_threshold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"0.02 has no threshold; allowed are 0.05, 0.01, 0.001, 0.0001 \(.*line 2\)"):
        load(_file(tmp_path, "[detect]\nfalse_alarm_rate = 0.02\n"))


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="redshank.toml' is not TOML"):
        load(_file(tmp_path, "alerts: {}\n"))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "redshank.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read '.*nowhere.toml' \\(No such file"):
        load(tmp_path / "nowhere.toml")


def test_a_mistake_in_one_of_several_sources_is_told_with_its_line(tmp_path: Path) -> None:
    path = _file(tmp_path, "[[sources]]\ninterfaces = ['eth1']\n\n[[sources]]\nname = 'a b'\nfollow = 'yes please'\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert "sources.1.name: 'a b' is not allowed: string should match pattern" in str(caught.value)
    assert f"({path}, line 5)" in str(caught.value)
    assert "sources.1.follow: 'yes please' is not allowed" in str(caught.value)
    assert f"({path}, line 6)" in str(caught.value)


def test_a_sink_is_set_by_a_table_or_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_SINKS__EVE__PATH", "/tmp/eve.json")
    settings = load(_file(tmp_path, "[sinks.office]\nkind = 'webhook'\nurl = 'https://example.org/hook'\n"))
    assert settings.sinks["eve"] == {"path": "/tmp/eve.json"}
    assert settings.sinks["office"]["kind"] == "webhook"


@pytest.mark.parametrize(
    ("variable", "value", "example"),
    [
        ("REDSHANK_SOURCES", "eth0", '["one", "two"]'),
        ("REDSHANK_DETECT__DETECTORS", "signatures", '["one", "two"]'),
        ("REDSHANK_RESPOND__PROTECT", "10.0.0.1", '["one", "two"]'),
        ("REDSHANK_RESPOND__RULES", "[" * 100_000, '["one", "two"]'),
        ("redshank_alerts__assets", "{", '{"name": "value"}'),
    ],
)
def test_a_variable_of_several_values_that_is_no_json_is_told_how_to_write_it(
    variable: str, value: str, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load()
    told = f"environment: {variable}={value[:80]!r} is not allowed: it holds several values; write them as JSON, for"
    assert caught.value.problems == [f"{told} example '{example}'"]


def test_a_variable_of_several_values_is_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_DETECT__DETECTORS", '["signatures"]')
    monkeypatch.setenv("REDSHANK_ALERTS__ASSETS", '{"10.0.0.2": "high"}')
    assert load().detect.detectors == ("signatures",)
    assert load().alerts.assets == {"10.0.0.2": "high"}


def test_a_mistake_in_an_inline_table_or_in_json_is_told_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path, "[respond]\nbreaker = { per_minute = 'x' }\nprotect = '10.0.0.1'\n")
    monkeypatch.setenv("REDSHANK_RESPOND__SSH_PORTS", "[22, 99999]")
    with pytest.raises(ConfigError) as caught:
        load(path)
    text = sorted(caught.value.problems)
    assert text[0].startswith("respond.breaker.per_minute: 'x' is not allowed")
    assert text[0].endswith(f"({path})")
    assert text[1].endswith(f'\'10.0.0.1\' is not allowed: write a list, as in ["one", "two"] ({path}, line 3)')
    assert text[2].endswith("(environment, REDSHANK_RESPOND__SSH_PORTS)")


def test_no_secret_is_in_the_words_about_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(
        tmp_path,
        "store = 'postgresql://ana:SECRET@db.example/a-name-that-is-as-long-as-it-takes-to-be-cut-off-before-its-end'\n"
        "[sinks]\nwebhook = 'https://hooks.example/services/SECRET'\n",
    )
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert "SECRET" not in str(caught.value)
    assert "sinks.webhook: 'https://hooks.example/...' is not allowed: write a table" in str(caught.value)
    assert "store: 'postgresql://ana:...@db.example" in str(caught.value)
    monkeypatch.setenv("REDSHANK_STORE", "postgresql://ana:SECRET@db.example/redshank")
    with pytest.raises(ConfigError, match="REDSHANK_STORE='postgresql://ana:...@db.example/redshank' is not") as caught:
        load()
    assert "SECRET" not in str(caught.value)


def test_mistakes_of_the_environment_and_of_the_file_are_reported_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDSHANK_DETCT__BUNDLE", "x")
    monkeypatch.setenv("REDSHANK_RESPOND__PROTECT", "10.0.0.1")
    monkeypatch.setenv("REDSHANK_STORE_URL", "x")
    monkeypatch.setenv("REDSHANK_SENSOR__CAPACITY", "many")
    with pytest.raises(ConfigError) as caught:
        load(_file(tmp_path, "[alerts]\nwindow_s = -3\n[detect]\nfalse_alarm_rate = 0.02\n"))
    starts = [problem.partition(" is not allowed")[0].partition(": there")[0] for problem in caught.value.problems]
    assert starts[:3] == [
        "environment: REDSHANK_DETCT__BUNDLE",
        "environment: REDSHANK_RESPOND__PROTECT='10.0.0.1'",
        "environment: REDSHANK_STORE_URL",
    ]
    assert {one.partition(":")[0] for one in starts[3:]} == {
        "sensor.capacity",
        "alerts.window_s",
        "detect.false_alarm_rate",
    }


def test_who_is_asked_for_more_sees_defaults_in_place_of_what_is_wrong(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "[alerts]\nwindow_s = -3\nunknown_minimum = 5\n[respond]\nssh_ports = [22, 99999, 100000]\nprotect = ['a']\n"
        "[[sources]]\nname = 'a b'\nfollow = 'never'\ntool = 'zeek'\n[sinks]\neve = 5\n[sinks.mine]\npath = 'x'\n",
    )
    asked: list[Settings] = []

    def also(settings: Settings, wrong: Collection[str]) -> list[str]:
        asked.append(settings)
        return sorted(wrong)

    with pytest.raises(ConfigError) as caught:
        load(path, also)
    assert caught.value.problems[6:] == [
        "alerts.window_s",
        "respond.ssh_ports.1",
        "respond.ssh_ports.2",
        "sinks.eve",
        "sources.0.follow",
        "sources.0.name",
    ]
    (seen,) = asked
    assert (seen.alerts.window_s, seen.alerts.unknown_minimum) == (300.0, 5)
    assert (seen.respond.ssh_ports, seen.respond.protect) == ((22,), ("a",))
    assert (seen.sources[0].name, seen.sources[0].follow, seen.sources[0].tool) == ("", True, "zeek")
    assert seen.sinks == {"mine": {"path": "x"}}
