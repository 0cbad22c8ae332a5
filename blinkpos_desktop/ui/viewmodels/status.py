"""The status line: Blink, PostgreSQL, Redis and the price, and whether the money is real."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.parts import Health, Part, PartChanged

REAL_NETWORK: Final = "mainnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part of the line, in words: the colour only repeats them."""

    part: Part
    health: Health
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """The line at one moment; ``band`` is empty when the money is real or not yet known."""

    parts: tuple[PartView, ...]
    band: str = ""


class Status(QObject):
    """What the parts of the till are doing.

    Signals:
        changed: a new StatusView.
    """

    changed = Signal(object)

    def __init__(self, *, network: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts: dict[Part, PartView] = {}
        self._view = self._starting(network)

    @property
    def view(self) -> StatusView:
        """The line now."""
        return self._view

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import ShopReady, TillRestarting

        view = self._view
        if isinstance(fact, PartChanged):
            self._parts[fact.part] = self._part(fact)
            view = replace(view, parts=self._shown())
        elif isinstance(fact, ShopReady):
            view = replace(view, band=self._band(fact.network) if fact.network else view.band)
        elif isinstance(fact, TillRestarting):
            view = self._starting(fact.network)
        if view != self._view:
            self._view = view
            self.changed.emit(view)

    def _starting(self, network: str) -> StatusView:
        starting = (PartChanged(part=part, health=Health.STARTING) for part in Part)
        self._parts = {each.part: self._part(each) for each in starting}
        return StatusView(parts=self._shown(), band=self._band(network))

    def _shown(self) -> tuple[PartView, ...]:
        """Return the parts, with the price only where there is anything to say of it."""
        is_price_told = self._parts[Part.PRICE].health in {Health.OK, Health.AWAY}
        parts = self._parts.values()
        return tuple(each for each in parts if each.part is not Part.PRICE or is_price_told)

    def _part(self, fact: PartChanged) -> PartView:
        words = {
            Health.STARTING: self.tr("starting…"),
            Health.OK: self.tr("up to date") if fact.part is Part.PRICE else self.tr("connected"),
            Health.AWAY: self.tr("cannot be reached"),
            Health.OFF: self.tr("not used"),
        }[fact.health]
        return PartView(part=fact.part, health=fact.health, words=fact.sentence or words)

    def _band(self, network: str) -> str:
        if network in {"", REAL_NETWORK}:
            return ""
        text = self.tr("TEST MONEY \N{EN DASH} {network}: nothing here is real")
        return text.format(network=network)
