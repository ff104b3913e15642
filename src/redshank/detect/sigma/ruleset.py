"""Files of Sigma rules -> rules that are ready to run, or every problem in them.

In: YAML files, and folders of them. Out: a `Ruleset`. The one idea: a set of rules runs whole or not at all. A problem
is one line: the file, the rule's title, what was given, what is allowed.
pySigma parses rules, conditions and correlations; what it does not look at (the shape of a document, its size, what
flows have) is looked at here, because a file of rules may come from anywhere.
Source: https://sigmahq.io/sigma-specification/ (rules 2.1, correlations 2.1).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any as Anything

import yaml
from sigma.conditions import SigmaCondition
from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)
from sigma.exceptions import SigmaConditionError, SigmaError
from sigma.rule import SigmaRule
from sigma.rule.base import check_alias_expansion
from yaml.composer import Composer

from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.registry import alternatives
from redshank.detect.sigma import match
from redshank.detect.sigma.condition import Compiler
from redshank.detect.sigma.fields import RuleError, Source, source_of
from redshank.detect.sigma.match import Like, Present
from redshank.detect.sigma.rule import SCORES, Counting, Rule
from redshank.detect.sigma.watchlist import Watchlist
from redshank.detect.sigma.window import MOST_VALUES

STARTER = Path(__file__).parents[1] / "rules"
"""The rules that ship with the package, and empty watchlists that they name."""
SUFFIXES = (".yml", ".yaml")
MOST_BYTES = 1 << 20
MOST_CONDITION = 4_000
MOST_SPAN_S = 86_400
DEEPEST = 40

# What code that takes a document's shape for granted raises when it is another.
_SHAPE = (ValueError, TypeError, AttributeError, KeyError, IndexError, ArithmeticError, RecursionError)
_COUNTS = (SigmaCorrelationType.EVENT_COUNT, SigmaCorrelationType.VALUE_COUNT)
_MORE = {SigmaCorrelationConditionOperator.GTE: 0, SigmaCorrelationConditionOperator.GT: 1}


class _Loader(Composer, yaml.CSafeLoader):
    """Refuses what is deeper than a rule can be, and a key that stands twice.

    Reads in C, five times as fast as Python, and composes in Python, where it is seen how deep a document goes.
    """

    def __init__(self, stream: bytes) -> None:
        yaml.CSafeLoader.__init__(self, stream)
        Composer.__init__(self)

    def compose_node(self, parent: Anything, index: Anything) -> Anything:  # noqa: ANN401  as PyYAML declares it
        self.depth = getattr(self, "depth", 0) + 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"more than {DEEPEST} levels deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Anything, Anything]:  # noqa: FBT001, FBT002  as PyYAML declares it
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = [key for at, key in enumerate(keys) if key in keys[:at]]
        if twice:
            raise yaml.YAMLError(f"'{twice[0]}' stands twice in one place")
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Ruleset:
    """Rules that run together.

    Args:
        name: Where they come from, and eight digits of what is in them.
        rules: The rules, silent ones included.
    """

    name: str
    rules: tuple[Rule, ...]

    def speaking(self) -> list[Rule]:
        """Return the rules that say something themselves."""
        return [rule for rule in self.rules if not rule.silent]


def load_rules(paths: Sequence[Path], watchlists: Mapping[str, Watchlist]) -> Ruleset:
    """Read rules.

    Args:
        paths: Files, and folders of files that end in .yml or .yaml, looked through to the bottom.
        watchlists: The lists that rules may name.

    Raises:
        ConfigError: With all problems found.
    """
    reading = _Reading(watchlists)
    for path in paths:
        files = rule_files(path)
        if not files:
            reading.problems.append(f"{path}: no rules; name a file, or a folder of .yml files")
        for file in files:
            reading.file(file)
    rules = reading.finish()
    if reading.problems:
        raise ConfigError(reading.problems)
    names = "+".join(dict.fromkeys("starter" if path == STARTER else path.stem for path in paths)) or "none"
    return Ruleset(f"{names}-{reading.digest.hexdigest()[:8]}", rules)


def rule_files(path: Path) -> list[Path]:
    """List the files of rules that a path means."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    return [path] if path.exists() else []


@dataclass
class _Reading:
    """Files that are being read."""

    watchlists: Mapping[str, Watchlist]
    problems: list[str] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    correlations: list[tuple[Path, SigmaCorrelationRule]] = field(default_factory=list)
    digest: Anything = field(default_factory=hashlib.sha256)

    def file(self, path: Path) -> None:
        """Read the rules of one file."""
        try:
            text = path.read_bytes()
        except OSError as error:
            self.problems.append(f"{path}: cannot be read ({error.strerror})")
            return
        self.digest.update(text)
        if len(text) > MOST_BYTES:
            self.problems.append(f"{path}: {len(text)} bytes; a file of rules has at most {MOST_BYTES}")
            return
        try:
            documents = [one for one in yaml.load_all(text, _Loader) if one is not None]
        except (yaml.YAMLError, *_SHAPE) as error:
            self.problems.append(f"{path}: no YAML ({inert(' '.join(str(error).split())[:200])})")
            return
        if not documents:
            self.problems.append(f"{path}: no rule in it; a rule has a title, a logsource, a detection and a level")
        for number, document in enumerate(documents, start=1):
            where = f"{path}, document {number}"
            if not isinstance(document, dict):
                self.problems.append(f"{where}: a {type(document).__name__}; a rule is a map of title, detection, ...")
                continue
            title = inert(str(document.get("title"))[:120])
            where = f"{path}: {title}" if document.get("title") else where
            try:
                self._document(path, where, document)
            except _SHAPE as error:
                told = inert(" ".join(str(error).split())[:300])
                self.problems.append(
                    f"{where}: {told if isinstance(error, SigmaError | RuleError) else f'not a rule ({told})'}"
                )

    def _document(self, path: Path, where: str, document: dict[Anything, Anything]) -> None:
        check_alias_expansion(document)
        for part in ("action", "filter"):
            if part in document:
                self.problems.append(f"{where}: '{part}' is not supported; write each rule out, with its own filter")
                return
        kind = SigmaCorrelationRule if "correlation" in document else SigmaRule
        made = kind.from_dict(document, collect_errors=True)
        self.problems += [f"{where}: {inert(str(error)[:300])}" for error in made.errors]
        self.problems += [f"{where}: {told}" for told in _incomplete(made)]
        if made.errors:
            return
        if isinstance(made, SigmaCorrelationRule):
            self.correlations.append((path, made))
        else:
            self._plain(path, where, made)

    def _plain(self, path: Path, where: str, made: SigmaRule) -> None:
        log = made.logsource
        source = source_of(log.category, log.product, log.service)
        compiler = Compiler(source, self.watchlists)
        tests = []
        for condition in made.detection.parsed_condition:
            if len(str(condition.condition)) > MOST_CONDITION:
                raise RuleError(f"a condition of {len(condition.condition)} characters; at most {MOST_CONDITION}")
            tests.append(compiler.test(_parsed(condition)))
        test = match.Any(tuple(tests)) if len(tests) > 1 else tests[0]
        if source.present:
            test = match.All((match.Any(tuple(Present(name) for name in source.present)), test))
        if source.application:
            test = match.All((Like("service", rf"(^|,){source.application}(,|$)"), test))
        self.problems += [f"{where}: {told}" for told in compiler.problems]
        self._keep(_rule(made, path, test, tuple(compiler.columns)), made, where, source)

    def _keep(self, rule: Rule, made: SigmaRule | SigmaCorrelationRule, where: str, source: Source) -> None:
        if rule.name in self.rules:
            self.problems.append(
                f"{where}: '{rule.name}' is also in {self.rules[rule.name].file}; give it another name"
            )
        self.rules[rule.name] = rule
        self.sources[rule.name] = source
        self.ids[rule.name] = rule.name
        if made.id is not None:
            self.ids[str(made.id)] = rule.name

    def finish(self) -> tuple[Rule, ...]:
        """Join correlations with the rules that they name; return all rules."""
        plain = dict(self.rules)
        for path, made in self.correlations:
            where = f"{path}: {inert(made.title[:120])}"
            try:
                for told in self._correlation(path, where, made, plain):
                    self.problems.append(f"{where}: {told}")
            except _SHAPE as error:
                self.problems.append(f"{where}: not a correlation ({inert(str(error)[:200])})")
        return tuple(self.rules.values())

    def _correlation(
        self, path: Path, where: str, made: SigmaCorrelationRule, plain: Mapping[str, Rule]
    ) -> Iterator[str]:
        condition = made.condition
        if made.type not in _COUNTS or not isinstance(condition, SigmaCorrelationCondition):
            yield f"correlation.type: '{made.type}' is not supported; allowed are event_count, value_count"
            return
        if condition.op not in _MORE or not isinstance(condition.count, int):
            yield (
                f"correlation.condition: '{condition.op.name.lower()}: {condition.count}' cannot be told before a "
                "window ends; allowed are gte and gt, with whole numbers"
            )
            return
        at_least = condition.count + _MORE[condition.op]
        if not 1 <= at_least <= MOST_VALUES:
            yield f"correlation.condition: {at_least} at least; allowed are 1 to {MOST_VALUES}"
        if not 1 <= made.timespan.seconds <= MOST_SPAN_S:
            yield f"correlation.timespan: {made.timespan.seconds} s; allowed are 1 to {MOST_SPAN_S}"
        if len(made.aliases):
            yield "correlation.aliases: not supported; rules here name the same fields"
        references = [str(one.reference) for one in made.rules or ()]
        known = {self.ids[one] for one in references if one in self.ids} & plain.keys()
        for one in references:
            if self.ids.get(one) not in known:
                yield f"correlation.rules: no plain rule '{inert(one[:80])}'; {alternatives(one, plain)}"
        if not references:
            yield "correlation.rules: none given; name the rules to count"
        if not known or any(self.ids.get(one) not in known for one in references):
            return
        first = next(self.ids[one] for one in references)
        compiler = Compiler(self.sources[first], {})
        groups = [compiler.named(name, "correlation.group-by") for name in made.group_by or ()]
        named = condition.fieldref if made.type is SigmaCorrelationType.VALUE_COUNT else None
        if isinstance(named, list):
            yield f"correlation.condition.field: {named}; one field is allowed"
            return
        value = compiler.named(named, "correlation.condition.field") if named else None
        yield from compiler.problems
        if compiler.problems:
            return
        tests = tuple(plain[name].test for name in sorted(known))
        counting = Counting(tuple(name for name in groups if name), value, at_least, made.timespan.seconds)
        rule = _rule(made, path, tests[0] if len(tests) == 1 else match.Any(tests), ())
        self._keep(replace(rule, counting=counting), made, where, self.sources[first])
        if not made.generate:
            for name in known:
                self.rules[name] = replace(self.rules[name], silent=True)


def _parsed(condition: SigmaCondition) -> Anything:  # noqa: ANN401  pySigma's tree has no common class
    try:
        return condition.parse()
    except SigmaConditionError as error:
        # Of what the parser says, what it found is clear; what it wanted is its grammar.
        told = str(error)
        found = told[told.rfind("found") :] if told.startswith("Expected") else told
        raise RuleError(f"condition: '{condition.condition[:80]}' cannot be read: {found}") from None


def _incomplete(made: SigmaRule | SigmaCorrelationRule) -> Iterator[str]:
    if not made.title:
        yield "title: none given; give one line of text"
    if made.level is None:
        yield f"level: none given; allowed are {', '.join(SCORES)}"


def _rule(made: SigmaRule | SigmaCorrelationRule, path: Path, test: match.Test, columns: tuple[str, ...]) -> Rule:
    return Rule(
        name=inert(made.name or made.title or "rule"),
        title=inert(made.title),
        description=" ".join((made.description or "").split()),
        level=str(made.level) if made.level else "informational",
        falsepositives=tuple(str(one) for one in made.falsepositives),
        tags=tuple(str(tag) for tag in made.tags),
        file=path,
        test=test,
        columns=columns,
    )
