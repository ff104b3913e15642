from dataclasses import replace

import pytest

from redshank.core.errors import ConfigError
from redshank.core.records import Alert
from redshank.report.tail import Wanted, line, show
from told import ALERT, HOSTILE


def test_a_line_says_when_who_what_to_whom_and_why() -> None:
    assert line(ALERT).plain == (
        "2023-11-14 22:16:00 high: dos by 10.0.0.66 against 10.0.0.1 and 1 more, 120 flows, score 0.99, told again "
        "[telnet_sweep, T1498]"
    )


def test_nothing_from_the_wire_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    wire = f"[bold]{HOSTILE}[/]"
    alert = replace(ALERT, device=wire, family=wire, targets=(wire,), rules=(wire,), techniques=(wire,))
    for as_json in (False, True):
        show([alert], as_json=as_json)
        text = capsys.readouterr().out
        assert text.count("\n") == 1
        assert text.strip().isprintable()
        assert "[bold]" in text


def test_a_program_gets_whole_alerts(capsys: pytest.CaptureFixture[str]) -> None:
    show([ALERT, replace(ALERT, revision=2)], as_json=True)
    assert [Alert.from_json(text).revision for text in capsys.readouterr().out.splitlines()] == [1, 2]


def test_there_is_color_on_a_terminal_only() -> None:
    assert [span.style for span in line(ALERT).spans][1] == "bold red"


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted("high"), True),
        (Wanted("critical"), False),
        (Wanted(families=["scanning", "dos"]), True),
        (Wanted(families=["scanning"]), False),
        (Wanted(devices=["10.0.0.0/24"]), True),
        (Wanted(devices=["10.0.0.66"]), True),
        (Wanted(devices=["10.0.1.0/24", "fd00::/8", "no network"]), False),
    ],
)
def test_filters_take_what_they_say(wanted: Wanted, taken: bool) -> None:  # noqa: FBT001  a case's value
    assert wanted.takes(ALERT) == taken


def test_a_device_that_is_no_address_is_found_by_its_name() -> None:
    odd = replace(ALERT, device="sensor-7")
    assert Wanted(devices=["sensor-7"]).takes(odd)
    assert not Wanted(devices=["10.0.0.0/24"]).takes(odd)


def test_a_severity_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--severity: 'hihg' is none; did you mean 'high'\?"):
        Wanted("hihg")
