"""What a site installs fits the program: commands, options, ports and paths that it names are there."""

import configparser
import gzip
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from program import ended
from records import alert
from redshank import commands
from redshank.alerts.sinks.eve import Eve
from redshank.config import Settings
from redshank.core.metrics import Metrics
from redshank.core.metrics_server import MetricsServer
from redshank.respond.backend import Hold
from redshank.respond.backends.dry_run import DryRun
from redshank.running import ENDS_S

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy/systemd/redshank.service"
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
COMPOSE = ROOT / "deploy/docker/compose.yml"
CONSOLE = ROOT / "deploy/systemd/redshank-console.service"
ONLY_NEWER = re.compile("Unknown key (name )?'Restart(Steps|MaxDelaySec)'")
"""What systemd says of them before version 254; it goes on without."""
LOGROTATE = ROOT / "deploy/logrotate/redshank"


def _section(path: Path, name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd tells upper from lower case
    parser.read(path)
    return parser[name]


def _unit(path: Path = UNIT) -> configparser.SectionProxy:
    return _section(path, "Service")


def _command(name: str) -> object:
    commands.add_commands()
    return typer.main.get_command(commands.app).commands[name]  # type: ignore[attr-defined]  # a group


@pytest.mark.parametrize("name", ["ExecStartPre", "ExecStart"])
def test_the_unit_calls_commands_that_are_there(name: str) -> None:
    program, command, option, _ = _unit()[name].split()
    assert program.endswith("/redshank")
    assert any(option in parameter.opts for parameter in _command(command).params)  # type: ignore[attr-defined]


def test_the_unit_waits_longer_than_the_service_drains() -> None:
    # To judge what waits and to deliver it, and to write down what is left.
    assert int(_unit()["TimeoutStopSec"]) > Settings().service.drain_s + ENDS_S
    assert _unit()["Type"] == "notify"
    assert f"/var/lib/{_unit()['StateDirectory']}" == str(Settings().service.state)


def test_the_unit_has_two_capabilities_and_no_more() -> None:
    assert _unit()["CapabilityBoundingSet"].split() == ["CAP_NET_RAW", "CAP_NET_ADMIN"]
    assert _unit()["NoNewPrivileges"] == "yes"


def test_people_can_work_on_the_store_as_the_service_does() -> None:
    guide = (ROOT / "docs/how-to/run-as-a-service.md").read_text()
    for path in (UNIT, CONSOLE):
        # The folders of a dynamic account lie below one that root alone may enter: no command could be run as it.
        assert "DynamicUser" not in _unit(path)
        assert f" {_unit(path)['User']}\n" in re.findall(r"# useradd .*\n", guide)[0]
    told = {path: path.read_text() for path in (UNIT, CONSOLE, *(ROOT / "docs/how-to").glob("*.md"))}
    assert [path for path, text in told.items() if "sudo -u redshank" in text] == []


def test_compiled_kernels_may_run() -> None:
    for path in (UNIT, CONSOLE):
        unit = _unit(path)
        # What is compiled is mapped from a file, or written into memory and then run.
        assert unit.get("MemoryDenyWriteExecute", "no") == "no"
        assert "NoExecPaths" not in unit


def test_the_console_waits_for_no_service_that_may_wait_for_its_wire_for_ever() -> None:
    assert _unit()["TimeoutStartSec"] == "infinity"
    assert "redshank.service" not in " ".join(_section(CONSOLE, "Unit").values())


@pytest.mark.parametrize("unit", [UNIT, CONSOLE], ids=lambda path: path.stem)
def test_however_many_starts_failed_there_is_another(unit: Path) -> None:
    # With a limit of starts, a wire that comes an hour late would find nobody who watches it.
    assert _section(unit, "Unit")["StartLimitIntervalSec"] == "0"
    assert not any(name.startswith("StartLimitBurst") for name in _section(unit, "Unit"))
    assert _unit(unit)["Restart"] == "on-failure"
    assert "RestartPreventExitStatus" not in _unit(unit)
    assert int(_unit(unit)["RestartSec"]) < int(_unit(unit)["RestartMaxDelaySec"])


def test_what_check_finds_keeps_no_service_from_a_start() -> None:
    # One wire of two that is down is not well, and no reason to leave the other unwatched.
    assert _unit()["ExecStartPre"].startswith("-")


def test_a_wire_that_is_not_there_ends_the_service_as_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "redshank.toml"
    settings.write_text(
        f"[[sources]]\ninterfaces = ['nosuch0']\n[service]\nstate = '{tmp_path / 'state'}'\nmetrics = ''\n"
        "[detect]\ndetectors = ['signatures']\n"
    )
    assert ended(monkeypatch, "run", "-c", settings) not in {0, None}  # after which systemd would leave it at that
    assert "no interface 'nosuch0'" in capsys.readouterr().err


def test_what_is_cached_lies_where_the_unit_may_write() -> None:
    assert f"XDG_CACHE_HOME=/var/cache/{_unit()['CacheDirectory']}" in _unit()["Environment"].split()


def test_the_console_has_the_account_and_the_folders_of_the_service_and_no_capability() -> None:
    service, console = _unit(), _unit(CONSOLE)
    shared = ("User", "Group", "StateDirectory", "CacheDirectory", "ConfigurationDirectory", "Environment")
    assert {name: console[name] for name in shared} == {name: service[name] for name in shared}
    assert (console["CapabilityBoundingSet"], console["NoNewPrivileges"]) == ("", "yes")
    program, command, option, _ = console["ExecStart"].split()
    assert program.endswith("/redshank")
    assert any(option in parameter.opts for parameter in _command(command).params)  # type: ignore[attr-defined]


@pytest.mark.service
@pytest.mark.parametrize("unit", [UNIT, CONSOLE], ids=lambda path: path.stem)
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path, unit: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(
        unit.read_text().replace("/opt/redshank/bin/redshank", str(Path(sys.executable).parent / "redshank"))
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False, timeout=60
    )
    told = [line for line in done.stderr.splitlines() if unit.name in line]
    assert [line for line in told if not ONLY_NEWER.search(line)] == []


@pytest.mark.service
@pytest.mark.parametrize("name", ["eve.json", "dry-run.jsonl", "rulesets.log"])
def test_after_logrotate_alerts_and_rulesets_go_on_in_a_new_file(tmp_path: Path, name: str) -> None:
    rules, path = tmp_path / "redshank", tmp_path / name
    rules.write_text(LOGROTATE.read_text().replace("/var/log/redshank", str(tmp_path)))
    rules.chmod(0o644)
    sink, backend = Eve(path), DryRun(path)

    def write() -> None:
        sink.deliver(alert()) if name == "eve.json" else backend.load([Hold("block", "192.0.2.7", 60.0)])

    for _ in range(2):
        write()
        done = subprocess.run(
            ["logrotate", "-f", "-s", str(tmp_path / "state"), str(rules)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
    write()
    first = gzip.decompress((tmp_path / f"{name}.2.gz").read_bytes()).decode()
    files = [first, (tmp_path / f"{name}.1").read_text(), path.read_text()]
    assert [len(text.splitlines()) for text in files] == [1, 1, 1]


def test_what_the_next_start_takes_up_is_never_rotated_away() -> None:
    lines = [line for line in LOGROTATE.read_text().splitlines() if not line.startswith("#")]
    rotated = {Path(word).parent for line in lines for word in line.split() if word.startswith("/")}
    assert rotated == {Path("/var/log") / _unit()["LogsDirectory"]}
    assert not any(folder.is_relative_to(Settings().service.state) for folder in rotated)


def test_what_the_image_is_built_from_is_sent_to_it() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert kept == {"src", "pyproject.toml", "constraints.txt", project["readme"], *project["license-files"]}


def test_the_image_is_made_of_what_is_there() -> None:
    text = DOCKERFILE.read_text()
    _, port = Settings().service.metrics.split(":")
    assert f"EXPOSE {port}" in text
    extras = re.search(r"/source\[([\w,]+)\]", text)
    assert extras
    assert set(extras[1].split(",")) <= set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    )
    assert (ROOT / "src/redshank/flows/warm.py").is_file()
    assert (ROOT / "constraints.txt").is_file()


def test_the_image_asks_for_its_health_where_the_settings_have_the_metrics(tmp_path: Path) -> None:
    text = DOCKERFILE.read_text().replace("\\\n", "").replace("/etc/redshank/redshank.toml", str(tmp_path / "r.toml"))
    program, option, code = json.loads(text[(at := text.index("[", text.index("HEALTHCHECK"))) : text.index("\n", at)])
    problem = ""
    with MetricsServer(Metrics(), "127.0.0.1:0", lambda: problem) as server:
        for place in (f"127.0.0.1:{server.port}", f":{server.port}"):
            (tmp_path / "r.toml").write_text(f"[service]\nmetrics = '{place}'\n")
            assert subprocess.run([sys.executable, option, code], check=False).returncode == 0
        problem = "the store is full"
        asked = subprocess.run([sys.executable, option, code], check=False, capture_output=True, text=True)
        assert asked.returncode == 1
        assert "503" in asked.stderr
    (tmp_path / "r.toml").write_text("[service]\nmetrics = ''\n")
    assert subprocess.run([sys.executable, option, code], check=False).returncode == 0
    assert program == "python"


def test_the_console_has_a_container_of_the_same_image_without_a_capability() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    console = services["console"]
    assert console["build"] == services["redshank"]["build"]
    assert (console["cap_drop"], console.get("cap_add"), console["profiles"]) == (["ALL"], None, ["console"])
    assert f"state:{Settings().service.state}" in console["volumes"]


def test_the_containers_have_two_capabilities_and_keep_what_must_stay() -> None:
    service = yaml.safe_load(COMPOSE.read_text())["services"]["redshank"]
    assert service["cap_drop"] == ["ALL"]
    assert service["cap_add"] == ["NET_RAW", "NET_ADMIN"]
    assert (COMPOSE.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert f"state:{Settings().service.state}" in service["volumes"]
    assert service["stop_grace_period"] == f"{_unit()['TimeoutStopSec']}s"
