"""Handlers that the library analyses once in a process, where each console of a test would have it do so anew.

In: nothing. Out: while it holds, a console that is made costs a fraction. The one idea: what the library finds out
about a handler depends on its path and its signature alone, and two hundred consoles have the same. What was found is
used again only for the same code at the same path whose signature is equal: a handler that takes something from the
desk into its signature is analysed for itself.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, fields
from types import CodeType
from typing import Any, get_args

import pytest
from fastapi import routing
from fastapi.dependencies.models import Dependant
from pydantic.fields import FieldInfo

_Call = Callable[..., Any]


@dataclass(frozen=True)
class _Found:
    """What was found out about a handler.

    Args:
        signed: What its signature has: annotations, defaults, and how its dependencies are had.
        dependant: As the library has it.
    """

    signed: tuple[object, ...]
    dependant: Dependant


@contextmanager
def analysed_once() -> Iterator[None]:
    """Hold it. Should the library's functions go by other names one day, this says so."""
    analyse, model = routing.get_dependant, routing.create_model_field  # type: ignore[attr-defined]  # its own imports
    handlers: dict[tuple[str, CodeType], _Found] = {}
    answers: dict[tuple[str, str], tuple[object, Any]] = {}

    def get_dependant(*, path: str, call: _Call, **more: Any) -> Dependant:
        own = inspect.unwrap(call)
        if not inspect.isfunction(own):
            return analyse(path=path, call=call, **more)
        asked = {name: _spelled(annotation) for name, annotation in own.__annotations__.items()}
        key, signed = (path, own.__code__), (asked, own.__defaults__, own.__kwdefaults__, more)
        found = handlers.get(key)
        if found is None or found.signed != signed:
            found = handlers[key] = _Found(signed, _copied(analyse(path=path, call=call, **more), None))
        return _copied(found.dependant, call)

    def create_model_field(name: str, type_: Any, mode: Any = "validation") -> Any:
        key = (name, mode)
        known = answers.get(key)
        if known is None or known[0] != type_:
            known = answers[key] = (type_, model(name=name, type_=type_, mode=mode))
        return known[1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(routing, "get_dependant", get_dependant)
        patched.setattr(routing, "create_model_field", create_model_field)
        yield


def _spelled(annotation: object) -> tuple[object, ...]:
    """Return an annotation with what its fields say: two of the library's that say the same are not equal."""
    if not any(isinstance(one, FieldInfo) for one in get_args(annotation)):
        return (annotation,)
    return tuple(
        (type(one), *(getattr(one, name, None) for name in (*FieldInfo.__slots__, *vars(one))))
        if isinstance(one, FieldInfo)
        else one
        for one in get_args(annotation)
    )


def _copied(found: Dependant, call: _Call | None) -> Dependant:
    """Return it for another handler; the library puts more into its lists."""
    made = copy(found)
    made.call = call
    for one in fields(found):
        value = getattr(found, one.name)
        if isinstance(value, list):
            setattr(made, one.name, list(value))
    return made
