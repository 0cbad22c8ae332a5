"""How a wrong engine is made: a name, and what stands where instead of the real code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from tests.simulation.store_line import StoreLine
from tests.simulation.store_model import StoreModel

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute of the real code, and what stands there instead."""

    target: object
    name: str
    instead: object


@dataclass(slots=True)
class Family:
    """Wrong engines of one kind, by their names; several changes may make up one."""

    title: str
    mutants: dict[str, tuple[Change, ...]] = field(default_factory=dict)

    def function(self, name: str, target: object, attribute: str) -> Callable[[Function], Function]:
        """Let a function stand in the place of an attribute."""

        def register(instead: Function) -> Function:
            self.value(name, target, attribute, instead)
            return instead

        return register

    def value(self, name: str, target: object, attribute: str, instead: object) -> None:
        """Let a value stand in the place of an attribute."""
        change = Change(target, attribute, instead)
        self.mutants[name] = (*self.mutants.get(name, ()), change)


def model_of(store: object) -> StoreModel:
    """Return the model behind a process's store."""
    line = cast("StoreLine", store._postgres)  # type: ignore[attr-defined]
    return line.model
