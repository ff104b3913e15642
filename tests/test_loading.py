import os
from pathlib import Path

import pytest

from program import ended
from redshank.core.errors import ConfigError
from redshank.loading import load

MISTAKES = """
[alerts]
window_s = "soon"
[detect]
false_alarm_rate = 0.02
[[sources]]
tool = "zeeek"
path = "conn.log"
[[sources]]
interfaces = ["nowhere0"]
[archive]
folder = "/proc/nowhere"
[sinks.webhook]
url = "ftp://soc.example"
[sinks.office]
to = "soc@example.net"
[detectors.signatures]
starter = "maybe"
[respond]
repeats = "many"
protect = ["router"]
[[respond.rules]]
measure = "drop"
[respond.breaker]
per_minute = 0
[backends.nftables]
packets_per_s = 0
[store]
url = "mysql://db.example/redshank"
"""


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("REDSHANK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("REDSHANK_SERVICE__STATE", str(tmp_path / "state"))


def _file(place: Path, text: str) -> Path:
    path = place / "redshank.toml"
    path.write_text(text)
    return path


def _problems(path: Path | None, *, watches: bool = True) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, watches=watches)
    return caught.value.problems


def test_mistakes_of_the_environment_of_settings_and_of_parts_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDSHANK_DETCT__BUNDLE", "x")
    monkeypatch.setenv("REDSHANK_STORE_URL", "x")
    told = _problems(_file(tmp_path, MISTAKES))
    wanted = (
        "environment: REDSHANK_DETCT__BUNDLE: there is no section 'detct'",
        "environment: REDSHANK_STORE_URL: there is no such setting; did you mean REDSHANK_STORE__URL?",
        "detect.false_alarm_rate: 0.02 has no threshold; allowed are 0.05",
        "alerts.window_s: 'soon' is not allowed: input should be a valid number",
        "respond.repeats: 'many' is not allowed",
        "sources.0.tool: no 'zeeek'; there are ",
        "sources.1.interfaces: no interface 'nowhere0'; ",
        "archive.folder: cannot write to folder '/proc/nowhere'",
        "sinks.webhook: webhook.url: 'ftp' is not http or https",
        "sinks.office: 'office' is no sink; there are ",
        "detectors.signatures.starter: 'maybe' is not allowed",
        "respond.rules.0.measure: 'drop' is not allowed",
        "respond.breaker.per_minute: 0 is not allowed",
        "backends.nftables: nftables.packets_per_s: 0 is not allowed",
        "respond.protect: ",
        "store: 'mysql://...' is not known",
    )
    missing = [one for one in wanted if not any(problem.startswith(one) for problem in told)]
    assert (missing, len(told)) == ([], len(wanted)), "\n".join(told)


@pytest.mark.parametrize("command", ["run", "check", "selftest", "doctor"])
def test_each_command_of_a_service_tells_them_all(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDSHANK_RESPOND_BACKEND", "nftables")
    assert ended(monkeypatch, command, "-c", _file(tmp_path, MISTAKES)) == 2
    told = capsys.readouterr().err
    for wanted in ("did you mean REDSHANK_RESPOND__BACKEND?", "alerts.window_s: 'soon'", "'office' is no sink"):
        assert wanted in told


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[[sources]]\ninterfaces = 'eth1'\n", "sources.0.interfaces: 'eth1' is not allowed"),
        ("sources = ['eth1']\n", "sources.0: 'eth1' is not allowed"),
        ("[detect]\ndetectors = 'anomaly'\n[detectors.anomaly]\nwarm_up = 9\n", "detect.detectors: 'anomaly' is not"),
        (
            "[respond]\ndevices = 5\n[[respond.rules]]\nmeasure = 'notify'\ndevice = ['cameras']\n",
            "respond.devices: 5 is not allowed",
        ),
        ("respond = 5\n", "respond: 5 is not allowed: it is a section"),
    ],
)
def test_no_mistake_is_told_that_is_the_shadow_of_another(text: str, mistake: str, tmp_path: Path) -> None:
    (told,) = _problems(_file(tmp_path, text), watches=False)
    assert told.startswith(mistake)


def test_sources_must_be_there_for_who_watches(tmp_path: Path) -> None:
    path = _file(tmp_path, "[alerts]\nwindow_s = 'soon'\n")
    assert len(_problems(path, watches=False)) == 1
    assert _problems(path)[1].startswith("sources: none given; name one in a [[sources]] table")


def test_a_file_that_cannot_be_read_hides_no_mistake_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDSHANK_ALERTS__WINDOW_S", "soon")
    told = _problems(_file(tmp_path, "alerts: {}\n"))
    assert len(told) == 2
    assert "redshank.toml' is not TOML" in told[0]
    assert told[1].startswith("alerts.window_s: 'soon' is not allowed")


def test_settings_that_are_right_are_loaded(tmp_path: Path) -> None:
    assert load(_file(tmp_path, "[alerts]\nwindow_s = 60\n")).alerts.window_s == 60
