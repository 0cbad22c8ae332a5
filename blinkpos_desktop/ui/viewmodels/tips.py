"""The Tips tab: sums per recipient for a time, loaded when it is opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from blinkpos_desktop.domain.facts import (
    PaymentCompleted,
    PaymentPaid,
    TipsFailed,
    TipsLoaded,
    TransferChanged,
)
from blinkpos_desktop.domain.history import Days
from blinkpos_desktop.domain.tips import Period, Scope, TipBar, TipsReport
from blinkpos_desktop.domain.transfer import Role
from blinkpos_desktop.ui.viewmodels.days import DaysPick, Quick, pick, quick_days
from blinkpos_desktop.ui.viewmodels.times import local

GIVE_UP_MS: Final = 10_000
"""After so long without an answer the tab says so."""
CALM_MS: Final = 300
"""What moves at the tills is shown so soon, and not more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TipsView:
    """The tab at one moment. ``report`` is None before the first answer for the time."""

    scope: Scope = Period.TODAY
    report: TipsReport | None = None
    bar: TipBar | None = None
    """The one that was tapped."""
    pick: DaysPick | None = None
    """The choice of days, while it is open."""
    is_loading: bool = False
    error: str = ""


class Tips(QObject):
    """The tab's state and the user's acts.

    Signals:
        changed: a new TipsView.
        load_wanted: a Scope whose tips are wanted.
    """

    changed = Signal(object)
    load_wanted = Signal(object)

    def __init__(
        self,
        *,
        zone: tzinfo | None = None,
        parent: QObject | None = None,
        now: Callable[[], float] = time.time,
        give_up_ms: int = GIVE_UP_MS,
        calm_ms: int = CALM_MS,
    ) -> None:
        super().__init__(parent)
        self.zone, self._now = zone, now
        self._view = TipsView()
        self._is_open = self._is_stale = False
        self._limit, self._calm = QTimer(self), QTimer(self)
        for timer, milliseconds, act in (
            (self._limit, give_up_ms, self._give_up),
            (self._calm, calm_ms, self._load),
        ):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)
            timer.timeout.connect(act)

    @property
    def view(self) -> TipsView:
        """The tab now."""
        return self._view

    @property
    def today(self) -> date:
        """The shop's day now."""
        return local(self._now(), self.zone).date()

    def open(self) -> None:
        """Show the tab: its tips are loaded anew."""
        self._is_open = True
        self._load()

    def close(self) -> None:
        """Leave the tab: nothing is loaded behind the scenes."""
        self._is_open = False
        self._calm.stop()
        self._limit.stop()
        self._set(replace(self._view, pick=None, bar=None, is_loading=False))

    def choose(self, scope: Scope) -> None:
        """Show another time."""
        if scope != self._view.scope:
            self._set(replace(self._view, scope=scope, report=None, bar=None, pick=None, error=""))
            self._load()
        else:
            self.back()

    def tap_bar(self, bar: TipBar) -> None:
        """Say what one bar of the chart is; a second tap says no more."""
        self._set(replace(self._view, bar=None if bar == self._view.bar else bar))

    def open_days(self) -> None:
        """Choose days."""
        scope = self._view.scope
        days = scope if isinstance(scope, Days) else None
        self._set(replace(self._view, pick=pick(days, self.today)))

    def tap_day(self, day: date) -> None:
        """Choose the first or the last day."""
        if self._view.pick is not None:
            self._set(replace(self._view, pick=self._view.pick.tap(day)))

    def turn_month(self, months: int) -> None:
        """Show another month."""
        if self._view.pick is not None:
            self._set(replace(self._view, pick=self._view.pick.turn(months)))

    def choose_quick(self, quick: Quick) -> None:
        """Show days that everybody asks for."""
        self.choose(quick_days(quick, self.today))

    def choose_picked(self) -> None:
        """Show the days that were tapped."""
        if self._view.pick is not None and self._view.pick.days is not None:
            self.choose(self._view.pick.days)

    def back(self) -> bool:
        """Leave the choice of days; tell whether it was open."""
        was_open = self._view.pick is not None
        self._set(replace(self._view, pick=None))
        return was_open

    def retry(self) -> None:
        """Ask again after a failure."""
        self._load()

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        match fact:
            case TipsLoaded() if fact.scope == self._view.scope:
                self._arrived(
                    replace(
                        self._view,
                        report=fact.report,
                        bar=_same(self._view.bar, fact.report),
                        is_loading=False,
                        error="",
                    )
                )
            case TipsFailed() if fact.scope == self._view.scope:
                self._arrived(replace(self._view, is_loading=False, error=fact.sentence))
            case TransferChanged() if fact.transfer.role is Role.TIP:
                self._reload()
            case PaymentPaid() | PaymentCompleted() if fact.payment.tip_sats:
                self._reload()

    def _load(self) -> None:
        self._is_stale = False
        self._calm.stop()
        self._limit.start()
        self._set(replace(self._view, is_loading=True, error=""))
        self.load_wanted.emit(self._view.scope)

    def _reload(self) -> None:
        if not self._is_open or self._calm.isActive():
            return
        # One request at a time: what moves meanwhile is asked for once, afterwards.
        if self._view.is_loading:
            self._is_stale = True
        else:
            self._calm.start()

    def _arrived(self, view: TipsView) -> None:
        self._limit.stop()
        self._set(view)
        if self._is_stale and self._is_open:
            self._calm.start()

    def _give_up(self) -> None:
        sentence = self.tr("No answer after 10 seconds. Is the database running?")
        self._arrived(replace(self._view, is_loading=False, error=sentence))

    def _set(self, view: TipsView) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit(view)


def _same(bar: TipBar | None, report: TipsReport) -> TipBar | None:
    """Return the bar of the same days in another report."""
    return next((each for each in report.bars if bar and each.days == bar.days), None)
