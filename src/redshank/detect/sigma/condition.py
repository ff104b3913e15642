"""A Sigma condition, as pySigma parsed it, becomes tests of columns.

In: pySigma's tree and the log source. Out: one `Test`, and every problem found: a name that flows do not have, a word
where a column holds numbers, a modifier that means nothing here. The one idea: values of one field that are joined by
`or` become one test, so a list of a thousand ports costs what one port costs.
Source: https://sigmahq.io/sigma-specification/ (rules, modifiers); pySigma's own types (LGPL, imported).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import singledispatchmethod
from typing import Any as Anything

import pyarrow as pa
import pyarrow.compute as pc
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from redshank.core.inert import inert
from redshank.core.registry import alternatives
from redshank.detect.sigma import match
from redshank.detect.sigma.fields import ADDRESS, FLAG, NUMBER, TEXT, Name, Source
from redshank.detect.sigma.match import Compare, Equal, Like, Listed, No, OneOf, Present, Same, Test, Within
from redshank.detect.sigma.watchlist import Watchlist, as_network

NOTHING = match.Any(())
_WORDS = {"true": 1, "false": 0}
_LISTED_NAMES = ("dns_query", "ssl_server_name", "http_host")


class Compiler:
    """Turns the conditions of one rule into tests.

    Args:
        source: The rule's log source.
        watchlists: The lists that `|expand: '%name%'` may name.

    Attributes:
        problems: What cannot be understood, one line each.
        columns: The columns that the rule looks at, in the order in which it names them.
    """

    def __init__(self, source: Source, watchlists: Mapping[str, Watchlist]) -> None:
        self.problems: list[str] = []
        self.columns: list[str] = []
        self._source = source
        self._watchlists = watchlists

    def test(self, tree: Anything) -> Test:  # noqa: ANN401  pySigma's tree has no common class
        """Return the test that a tree stands for; one that nothing passes where there are problems."""
        if isinstance(tree, ConditionAND):
            return match.All(tuple(self.test(part) for part in tree.args))
        if isinstance(tree, ConditionOR):
            return _any(self.test(part) for part in tree.args)
        if isinstance(tree, ConditionNOT):
            return No(self.test(tree.args[0]))
        if isinstance(tree, ConditionFieldEqualsValueExpression):
            name = self._source.find(tree.field)
            if name is None:
                return self._problem(self._source.refusal(inert(str(tree.field)[:80])))
            if name.column not in self.columns:
                self.columns.append(name.column)
            return self._value(tree.value, name)
        if isinstance(tree, ConditionValueExpression):
            return self._problem(f"keyword '{inert(str(tree.value)[:80])}': flows have no free text; name a field")
        return self._problem("condition: it is empty; name at least one selection")

    def named(self, name: str, where: str) -> str | None:
        """Return the column that a correlation names."""
        found = self._source.find(name)
        if found is None:
            self._problem(f"{where}: {self._source.refusal(inert(name[:80]))}")
            return None
        return found.column

    def _problem(self, text: str) -> Test:
        if text not in self.problems:
            self.problems.append(text)
        return NOTHING

    def _unfit(self, name: Name, value: object, wanted: str) -> Test:
        return self._problem(f"{name.column}: '{inert(str(value)[:80])}' does not fit; {wanted}")

    @singledispatchmethod
    def _value(self, value: object, name: Name) -> Test:
        kind = type(value).__name__.removeprefix("Sigma").removesuffix("Expression")
        return self._problem(f"{name.column}: a {kind} means nothing for a flow; see docs/how-to/write-a-rule.md")

    @_value.register
    def _(self, value: SigmaNull, name: Name) -> Test:
        del value
        return No(Present(name.column))

    @_value.register
    def _(self, value: SigmaExists, name: Name) -> Test:
        return Present(name.column) if value.exists else No(Present(name.column))

    @_value.register
    def _(self, value: SigmaExpansion, name: Name) -> Test:
        return _any(self._value(one, name) for one in value.values)

    @_value.register
    def _(self, value: SigmaBool, name: Name) -> Test:
        if name.kind != FLAG:
            return self._unfit(name, value.boolean, f"it holds a {name.kind}, no flag")
        return Equal(name.column, frozenset([float(value.boolean)]))

    @_value.register
    def _(self, value: SigmaTimestampPart, name: Name) -> Test:
        return self._unfit(name, value.number, "it holds no time; rules have no clock")

    @_value.register
    def _(self, value: SigmaNumber, name: Name) -> Test:
        if name.kind == NUMBER:
            return Equal(name.column, frozenset([float(value.number)]))
        if name.kind == TEXT:
            return OneOf(name.column, frozenset([str(value.number)]))
        return self._unfit(name, value.number, f"it holds a{'n' * (name.kind == ADDRESS)} {name.kind}, no number")

    @_value.register
    def _(self, value: SigmaCompareExpression, name: Name) -> Test:
        if name.kind != NUMBER:
            return self._unfit(name, value.number, "only numbers are less or greater")
        return Compare(name.column, value.op.name.lower(), float(value.number.number))

    @_value.register
    def _(self, value: SigmaCIDRExpression, name: Name) -> Test:
        if name.kind != ADDRESS:
            return self._unfit(name, value.cidr, "only src_ip and dst_ip are addresses")
        try:
            network = as_network(value.cidr)
        except ValueError as error:
            return self._unfit(name, value.cidr, str(error))
        return Within(name.column, (network,)) if network else self._unfit(name, value.cidr, "it is no network")

    @_value.register
    def _(self, value: SigmaFieldReference, name: Name) -> Test:
        other = self._source.find(value.field)
        if other is None:
            return self._problem(self._source.refusal(inert(value.field[:80])))
        if other.kind != name.kind or value.starts_with or value.ends_with:
            return self._unfit(name, value.field, "whole values of one kind can be compared")
        self.columns.append(other.column)
        return Same(name.column, other.column)

    @_value.register
    def _(self, value: SigmaRegularExpression, name: Name) -> Test:
        if name.kind not in {TEXT, ADDRESS}:
            return self._unfit(name, value.regexp, f"it holds a {name.kind}, no text")
        flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
        return self._like(name, f"(?{flags})(?:{value.regexp.original})" if flags else value.regexp.original)

    @_value.register
    def _(self, value: SigmaString, name: Name) -> Test:
        if any(isinstance(part, Placeholder) for part in value.s):
            return self._listed(value, name)
        text = "".join(part for part in value.s if isinstance(part, str))
        whole = not value.contains_special()
        if name.codes and whole and text.upper() in name.codes:
            return Equal(name.column, frozenset([float(name.codes[text.upper()])]))
        if name.kind == FLAG and whole and text.lower() in _WORDS:
            return Equal(name.column, frozenset([float(_WORDS[text.lower()])]))
        if name.kind == NUMBER and whole and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text):
            return Equal(name.column, frozenset([float(text)]))
        if name.kind not in {TEXT, ADDRESS}:
            codes = f", or one of {', '.join(name.codes)}" if name.codes else ""
            return self._unfit(name, value, f"it holds a {name.kind}: give a {name.kind}{codes}")
        if name.kind == ADDRESS and "/" in text:
            return self._unfit(name, value, f"for a network write {name.column}|cidr")
        cased = isinstance(value, SigmaCasedString)
        if whole:
            # Only ASCII has one small form everywhere: a byte of another letter must not become another one.
            return OneOf(name.column, frozenset([text if cased else _small(text)]), cased)
        return self._like(name, ("(?s)" if cased else "(?is)") + _pattern(value.s))

    def _like(self, name: Name, pattern: str) -> Test:
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid as error:
            return self._unfit(name, pattern, f"no regular expression of RE2 ({inert(str(error)[:120])})")
        return Like(name.column, pattern)

    def _listed(self, value: SigmaString, name: Name) -> Test:
        part = value.s[0]
        if len(value.s) != 1 or not isinstance(part, Placeholder):
            return self._unfit(name, value, "a list stands alone: '%name%'")
        if name.kind != ADDRESS and name.column not in _LISTED_NAMES:
            return self._unfit(name, value, f"lists are for src_ip, dst_ip, {', '.join(_LISTED_NAMES)}")
        if part.name not in self._watchlists:
            return self._problem(
                f"{name.column}: no watchlist '{part.name}'; {alternatives(part.name, self._watchlists)}"
            )
        return Listed(name.column, self._watchlists[part.name])


def _small(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _pattern(parts: Iterable[object]) -> str:
    """Return the pattern of a text with wildcards."""
    sides = ["" if part is SpecialChars.WILDCARD_MULTI else None for part in parts]
    own = list(parts)
    body = own[1 if sides[0] == "" else 0 : len(own) - (len(own) > 1 and sides[-1] == "")]
    told = "".join(
        re.escape(part) if isinstance(part, str) else {SpecialChars.WILDCARD_MULTI: ".*"}.get(part, ".")  # type: ignore[call-overload]  # only special characters are left
        for part in body
    )
    return ("" if sides[0] == "" else r"\A") + told + ("" if sides[-1] == "" else r"\z")


def _any(parts: Iterable[Test]) -> Test:
    """Join tests by `or`, those of one column into one."""
    alike: dict[object, list[Test]] = {}
    for part in parts:
        for one in part.parts if isinstance(part, match.Any) else (part,):
            kind: object = one
            if isinstance(one, OneOf):
                kind = OneOf, one.column, one.cased
            elif isinstance(one, Equal | Within):
                kind = type(one), one.column
            alike.setdefault(kind, []).append(one)
    tests = tuple(_joined(own) for own in alike.values())
    return tests[0] if len(tests) == 1 else match.Any(tests)


def _joined(tests: list[Test]) -> Test:
    first = tests[0]
    if isinstance(first, OneOf):
        return replace(first, texts=frozenset[str]().union(*(one.texts for one in tests if isinstance(one, OneOf))))
    if isinstance(first, Equal):
        return replace(
            first, numbers=frozenset[float]().union(*(one.numbers for one in tests if isinstance(one, Equal)))
        )
    if isinstance(first, Within):
        return replace(first, networks=tuple(net for one in tests if isinstance(one, Within) for net in one.networks))
    return first
