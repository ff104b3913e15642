import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from redshank import site
from redshank.report.schema import schema
from redshank.report.settings import example

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
FILES = [*(ROOT / "docs").rglob("*.toml"), *(ROOT / "deploy").rglob("*.toml")]
EXAMPLES = {
    **{str(path.relative_to(ROOT)): path.read_text() for path in FILES},
    **{
        f"{path.relative_to(ROOT)} {number}": text
        for path in sorted(PAGES)
        for number, text in enumerate(re.findall(r"^```toml\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL))
    },
}
"""The settings files, and pieces of them, that the documents show."""


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    made = schema(site.tables())
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def _wrong(validator: jsonschema.Draft202012Validator, text: str) -> list[str]:
    """Return what is wrong, the innermost of each mistake."""
    return [
        inner.message
        for error in validator.iter_errors(tomllib.loads(text))
        for inner in [jsonschema.exceptions.best_match([error])]
        if inner is not None
    ]


def test_there_are_examples() -> None:
    assert "docs/how-to/sites/trial.toml" in EXAMPLES
    assert len(EXAMPLES) > 10


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_the_documents_show_is_valid(validator: jsonschema.Draft202012Validator, name: str) -> None:
    assert _wrong(validator, EXAMPLES[name]) == []


def test_all_of_the_example_is_valid_but_for_what_has_no_default(validator: jsonschema.Draft202012Validator) -> None:
    lines = [line.removeprefix("#") for line in example(site.tables()).splitlines() if not line.startswith("# ")]
    text = "\n".join(line for line in lines if not line.endswith(" ="))
    assert [one for one in _wrong(validator, text) if "is a required property" not in one] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sinks.evve]\npath = 'x'\n", "'kind' is a required property"),
        ("[sinks.office]\nkind = 'webhok'\nurl = 'x'\n", "'webhok' is not one of ['email', 'eve', 'mqtt', "),
        ("[sinks.eve]\npath = 'x'\npth = 'x'\n", "'pth' was unexpected"),
        ("[sinks.eve]\n", "'path' is a required property"),
        ("[sinks.office]\nkind = 'webhook'\nurll = 'x'\n", "'urll' was unexpected"),
        ("[sinks.eve]\nkind = 'stdout'\npath = 'x'\n", "'path' was unexpected"),
        ("[sinks.stdout]\nformat = 'xml'\n", "'xml' is not one of ['text', 'json']"),
        ("[sinks]\neve = 'x'\n", "'x' is not of type 'object'"),
        ("[detectors.signature]\n", "'signature' was unexpected"),
        ("[detectors.anomaly]\nwarm_up = -1\n", "-1 is less than the minimum of 0"),
        ("[backends.nftables]\npackets_per_s = 'many'\n", "'many' is not of type 'integer'"),
        ("[backends.iptables]\n", "'iptables' was unexpected"),
        ("[[respond.rules]]\nmeasure = 'drop'\n", "'drop' is not one of ['nothing', 'notify'"),
        ("[[respond.rules]]\nmeasure = 'block'\nttl = 5\n", "'ttl' was unexpected"),
        ("[respond.breaker]\nper_hour = 5\n", "'per_hour' was unexpected"),
        ("[detect]\nfalse_alarm_rate = 0.02\n", "0.02 is not one of [0.05, 0.01, 0.001, 0.0001]"),
        ("[alerts]\nwindow_s = 0\n", "0 is less than the minimum of 1"),
        ("[respnd]\n", "'respnd' was unexpected"),
    ],
)
def test_a_wrong_name_or_value_is_not(validator: jsonschema.Draft202012Validator, text: str, message: str) -> None:
    told = _wrong(validator, text)
    assert len(told) == 1, told
    assert message in told[0]


@pytest.mark.parametrize(
    "text",
    [
        "[sinks.office]\nkind = 'webhook'\nurl = 'https://soc.example'\n[sinks.eve]\npath = 'x'\n",
        "[sinks.eve]\nkind = 'stdout'\nformat = 'json'\n",
        "[respond.breaker]\nper_minute = 5\n[[respond.rules]]\nmeasure = 'block'\nfamily = ['dos']\n",
    ],
)
def test_a_right_one_is(validator: jsonschema.Draft202012Validator, text: str) -> None:
    assert _wrong(validator, text) == []


def test_what_a_setting_means_is_told_where_it_is_written(validator: jsonschema.Draft202012Validator) -> None:
    known: dict[str, Any] = validator.schema["$defs"]
    untold = [
        f"{name}.{setting}"
        for name, table in known.items()
        for setting, said in table["properties"].items()
        if not said.get("description")
    ]
    assert untold == []
