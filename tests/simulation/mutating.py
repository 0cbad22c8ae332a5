"""How a wrong engine is made: a name, and what stands where instead of the real code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from tests.simulation.store_line import StoreLine
from tests.simulation.store_model import StoreModel

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute of the real code, and what stands there instead."""

    target: object
    name: str
    instead: object


MUTANTS: Final[dict[str, tuple[Change, ...]]] = {}


def mutant(name: str, target: object, attribute: str) -> Callable[[Function], Function]:
    """Register a function as a mutant of an attribute; several may share a name."""

    def register(instead: Function) -> Function:
        replaced(name, target, attribute, instead)
        return instead

    return register


def replaced(name: str, target: object, attribute: str, instead: object) -> None:
    """Register a value as a mutant of an attribute."""
    MUTANTS[name] = (*MUTANTS.get(name, ()), Change(target, attribute, instead))


def model_of(store: object) -> StoreModel:
    """Return the model behind a process's store."""
    line = cast("StoreLine", store._postgres)  # type: ignore[attr-defined]
    return line.model
