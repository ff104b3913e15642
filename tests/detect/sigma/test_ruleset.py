from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.core.errors import ConfigError
from redshank.detect.sigma.ruleset import MOST_BYTES, load_rules, rule_files
from sigma_rules import base, correlation, load, loaded, rule


def problems(place: Path, *documents: object) -> list[str]:
    """Return what is wrong with rules, without the place."""
    with pytest.raises(ConfigError, match="rules.yml") as error:
        load(place, *documents)
    return [told.replace(str(place / "rules.yml"), "F") for told in error.value.problems]


def read(place: Path, text: str | bytes) -> list[str]:
    """Return what is wrong with a file."""
    file = place / "rules.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match="rules.yml") as error:
        load_rules([file], {})
    return [told.replace(str(file), "F") for told in error.value.problems]


def test_a_rule_is_what_its_file_says(tmp_path: Path) -> None:
    made = loaded(
        tmp_path,
        rule(
            title="Telnet",
            name="telnet",
            description="Somebody\nspeaks Telnet.",
            falsepositives=["Old printers"],
            tags=["attack.t1021"],
            level="high",
        ),
    )
    assert (made.name, made.title, made.level) == ("telnet", "Telnet", "high")
    assert made.description == "Somebody speaks Telnet."
    assert made.falsepositives == ("Old printers",)
    assert made.columns == ("dst_port",)
    assert not made.silent


def test_a_rule_without_a_name_is_called_by_its_title(tmp_path: Path) -> None:
    assert loaded(tmp_path, rule(title="Telnet")).name == "Telnet"


def test_a_folder_is_looked_through_to_the_bottom(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    for place, name in ((tmp_path, "one.yml"), (deep, "two.yaml"), (deep, "notes.txt")):
        (place / name).write_text(yaml.safe_dump(rule(title=name)))
    assert [file.name for file in rule_files(tmp_path)] == ["two.yaml", "one.yml"]
    found = load_rules([tmp_path], {})
    assert {one.name for one in found.rules} == {"one.yml", "two.yaml"}


def test_a_set_is_called_by_where_it_is_from_and_what_is_in_it(tmp_path: Path) -> None:
    first = load(tmp_path, rule()).name
    assert first.startswith("rules-")
    assert load(tmp_path, rule()).name == first
    assert load(tmp_path, rule(level="high")).name != first
    assert load_rules([], {}).name.startswith("none-")


def test_a_rule_that_is_counted_says_nothing_itself(tmp_path: Path) -> None:
    found = load(tmp_path, base(), correlation())
    assert [one.name for one in found.speaking()] == ["count"]
    assert [one.name for one in load(tmp_path, base(), correlation(generate=True)).speaking()] == ["base", "count"]


def test_a_correlation_finds_rules_by_id_and_several_of_them(tmp_path: Path) -> None:
    identified = rule({"dst_port": 1}, title="B", id="6f4b2c52-9d0e-4b6e-8a7f-3b1f3a6d2c10")
    made = loaded(tmp_path, correlation(rules=["base", identified["id"]]), base({"dst_port": 2}), identified)
    assert made.counting is not None
    assert (made.counting.group_by, made.counting.value, made.counting.at_least) == (("src_ip",), "dst_port", 3)
    assert made.counting.span_s == 10


def test_more_than_is_one_more_at_least(tmp_path: Path) -> None:
    made = loaded(tmp_path, base(), correlation(condition={"gt": 5}, type="event_count"))
    assert made.counting is not None
    assert made.counting.at_least == 6


def test_a_correlation_uses_the_names_of_the_rule_that_it_counts(tmp_path: Path) -> None:
    dns = rule({"qtype_name": "TXT"}, name="base", logsource={"product": "zeek", "service": "dns"})
    made = loaded(tmp_path, dns, correlation(3, "query", **{"group-by": ["id.orig_h"]}))
    assert made.counting is not None
    assert (made.counting.group_by, made.counting.value) == (("src_ip",), "dns_query")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (["a list"], "F, document 1: a list; a rule is a map of title, detection, ..."),
        ("text", "F, document 1: a str; a rule is a map"),
        (rule(title=None), "F, document 1: Sigma rule must have a title"),
        (rule(level=None), "F: A test: level: none given; allowed are informational, low, medium, high, critical"),
        (rule(level="grave"), "F: A test: 'grave' is not a valid Sigma rule level"),
        (rule(logsource=None), "F: A test: Sigma rule must have a log source"),
        (rule(logsource={"product": "windows"}), "F: A test: logsource.product: no flows for 'windows'"),
        (rule(detection=None), "F: A test: Sigma rule must have a detection"),
        (rule(detection={"condition": "it"}), "F: A test: No detections defined in Sigma rule"),
        (rule(detection={"it": {"dst_port": 1}}), "F: A test: Sigma rule must contain at least one condition"),
        (
            rule(detection={"it": {"dst_port": 1}, "condition": "that"}),
            "F: A test: condition: 'that' cannot be read: Detection 'that' not defined",
        ),
        (
            rule(detection={"it": {"dst_port": 1}, "condition": "it and"}),
            "F: A test: condition: 'it and' cannot be read: found end",
        ),
        (
            rule(detection={"it": {"dst_port": 1}, "condition": "it | count() > 5"}),
            "F: A test: condition: 'it | count() > 5' cannot be read: The pipe syntax",
        ),
        (rule(detection={"it": {"dst_port": 1}, "condition": "it or " * 900 + "it"}), "F: A test: a condition of"),
        (rule({"dst_port": {"a": 1}}), "F: A test: Unsupported type"),
        (rule(action="global"), "F: A test: 'action' is not supported"),
        ({"title": "F", "filter": {}}, "F: F: 'filter' is not supported"),
        (rule(id=5), "F: A test: not a rule"),
        (rule(tags=["one"]), "F: A test: Sigma tag must start with namespace"),
    ],
)
def test_what_is_no_rule_is_told_with_file_and_title(tmp_path: Path, document: object, told: str) -> None:
    found = problems(tmp_path, document)
    assert any(one.startswith(told) for one in found), found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"type": "temporal"}, "correlation.type: 'temporal' is not supported; allowed are event_count, value_count"),
        ({"type": "often"}, "'often' is no valid Sigma correlation type"),
        ({"rules": ["bass"]}, "correlation.rules: no plain rule 'bass'; did you mean 'base'?"),
        ({"rules": ["count"]}, "correlation.rules: no plain rule 'count'"),
        ({"rules": []}, "correlation.rules: none given"),
        ({"timespan": "10"}, "Timespan '10' is invalid"),
        ({"timespan": "2d"}, "correlation.timespan: 172800 s; allowed are 1 to 86400"),
        ({"timespan": None}, "Sigma correlation rule without timespan"),
        ({"condition": {"lte": 3, "field": "dst_port"}}, "correlation.condition: 'lte: 3' cannot be told before"),
        ({"condition": {"gte": 2.5, "field": "dst_port"}}, "correlation.condition: 'gte: 2.5' cannot be told before"),
        ({"condition": {"gte": 0, "field": "dst_port"}}, "correlation.condition: 0 at least; allowed are 1 to 1000"),
        ({"condition": {"gte": 5000, "field": "x"}}, "correlation.condition: 5000 at least; allowed are 1 to 1000"),
        ({"condition": {"gte": 3, "field": "prot"}}, "correlation.condition.field: flows have no field 'prot'; near"),
        ({"condition": {"gte": 3}}, "Value count correlation rule without field reference"),
        ({"condition": {"gte": 3, "field": ["a", "b"]}}, "correlation.condition.field: ['a', 'b']; one field"),
        ({"group-by": ["Computer"]}, "correlation.group-by: flows have no field 'Computer'"),
        ({"aliases": {"ip": {"base": "src_ip"}}}, "correlation.aliases: not supported"),
    ],
)
def test_what_is_no_correlation_is_told(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    found = problems(tmp_path, base(), correlation(**changes))
    assert any(one.startswith(f"F: A count: {told}") for one in found), found


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    wrong = rule({"Image": "a", "dst_port": "b"}, title="One")
    found = problems(tmp_path, wrong, rule(title="Two", level=None), correlation(), "text")
    assert [one.split(": ")[1] for one in found] == [
        "One",
        "One",
        "Two",
        "a str; a rule is a map of title, detection, ...",
        "A count",
    ]


def test_two_rules_of_one_name_are_told(tmp_path: Path) -> None:
    assert problems(tmp_path, rule(), rule()) == ["F: A test: 'A test' is also in F; give it another name"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "F: no rule in it; a rule has a title"),
        ("title: [", "F: no YAML (while parsing a flow node"),
        ("title: a\ntitle: b", "F: no YAML ('title' stands twice in one place)"),
        ("a: *nothing", "F: no YAML (found undefined alias"),
        ("[" * 100_000, "F: no YAML (more than 40 levels deep)"),
        ("? {a: b}\n: c", "F: no YAML ("),
        ("!!python/object/apply:os.system ['true']", "F: no YAML (could not determine a constructor"),
        (b"\xff\xfe\xff", "F: no YAML ("),
        (b"a: \x00", "F: no YAML ("),
        ("x" * (MOST_BYTES + 1), f"F: {MOST_BYTES + 1} bytes; a file of rules has at most {MOST_BYTES}"),
        ("a: &a [x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\ntitle: T", "F: T: Sigma rule must have a log"),
    ],
)
def test_what_is_no_yaml_is_one_clear_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    found = read(tmp_path, text)
    assert found[0].startswith(told), found


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    assert "expand to too many nodes" in read(tmp_path, "\n".join(lines))[0]


def test_a_path_that_holds_no_rules_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(ConfigError, match=f"{path}: no rules; name a file, or a folder of .yml files"):
            load_rules([path], {})


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(), st.binary(max_size=4)
)
_SKELETON = [
    *rule(),
    *correlation(),
    *correlation()["correlation"],
    *rule()["detection"],
    "name",
    "tags",
    "action",
    "filter",
]
_KEYS = st.one_of(st.sampled_from([*_SKELETON, "dst_port|re", "http_uri|contains|all", "1"]), st.text(max_size=8))
_WORDS = st.sampled_from(
    ["zeek", "conn", "dns", "high", "it", "1 of them", "base", "event_count", "10s", "src_ip", "not"]
)
_TREES = st.recursive(
    st.one_of(_SCALARS, _WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=6)),
    max_leaves=25,
)


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.dictionaries(_KEYS, _TREES, max_size=8), min_size=1, max_size=3))
@example([{**rule(), "detection": {"it": {"dst_port": 1}, "condition": ["it", 5]}}])
@example([{**rule(), "detection": {"it": {1: 2}, "condition": "it"}}])
@example([{**rule(), "logsource": {"category": ["dns"]}}])
@example([{**rule(), "title": {"a": 1}}])
@example([base(), {**correlation(), "correlation": "count"}])
@example([base(), correlation(condition="base and base")])
@example([base(), correlation(condition={"gte": "many", "field": "dst_port"})])
@example([base(), correlation(3, None, **{"group-by": [["a"]]})])
@example([base(), correlation(rules=[{"a": 1}])])
def test_any_yaml_makes_rules_or_clear_errors(tmp_path: Path, documents: list[Any]) -> None:
    file = tmp_path / "any.yml"
    file.write_text("---\n".join(yaml.dump(one) for one in documents))
    told: list[str] = []
    try:
        assert load_rules([file], {}).rules
    except ConfigError as error:
        told = error.problems
    assert all(str(file) in one and "\n" not in one for one in told), told


@settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="-:[]{}&*!|>'\"%@ \nab1?,#", max_size=60)))
def test_any_bytes_make_rules_or_clear_errors(tmp_path: Path, content: bytes | str) -> None:
    file = tmp_path / "any.yml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match="any.yml"):
        load_rules([file], {})
