"""The Tips tab: sums per recipient for a period, loaded when it is opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from blinkpos_desktop.domain.facts import (
    PaymentCompleted,
    PaymentPaid,
    TipsFailed,
    TipsLoaded,
    TransferChanged,
)
from blinkpos_desktop.domain.tips import Period, TipSummary
from blinkpos_desktop.domain.transfer import Role

GIVE_UP_MS: Final = 10_000
"""After so long without an answer the tab says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TipsView:
    """The tab at one moment. ``rows`` is None before the first answer for the period."""

    period: Period = Period.TODAY
    rows: tuple[TipSummary, ...] | None = None
    is_loading: bool = False
    error: str = ""


class Tips(QObject):
    """The tab's state and the user's acts.

    Signals:
        changed: a new TipsView.
        load_wanted: a Period whose rows are wanted.
    """

    changed = Signal(object)
    load_wanted = Signal(object)

    def __init__(self, *, parent: QObject | None = None, give_up_ms: int = GIVE_UP_MS) -> None:
        super().__init__(parent)
        self._view = TipsView()
        self._is_open = False
        self._is_stale = False
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(give_up_ms)
        self._limit.timeout.connect(self._give_up)

    @property
    def view(self) -> TipsView:
        """The tab now."""
        return self._view

    def open(self) -> None:
        """Show the tab: its rows are loaded anew."""
        self._is_open = True
        self._load()

    def close(self) -> None:
        """Leave the tab: nothing is loaded behind the scenes."""
        self._is_open = False

    def choose(self, period: Period) -> None:
        """Show another period."""
        if period is not self._view.period:
            self._set(replace(self._view, period=period, rows=None, error=""))
            self._load()

    def retry(self) -> None:
        """Ask again after a failure."""
        self._load()

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        match fact:
            case TipsLoaded() if fact.period is self._view.period:
                self._arrived(replace(self._view, rows=fact.rows, is_loading=False, error=""))
            case TipsFailed() if fact.period is self._view.period:
                self._arrived(replace(self._view, is_loading=False, error=fact.sentence))
            case TransferChanged() if fact.transfer.role is Role.TIP:
                self._reload()
            case PaymentPaid() | PaymentCompleted() if fact.payment.tip_sats:
                self._reload()

    def _load(self) -> None:
        self._is_stale = False
        self._limit.start()
        self._set(replace(self._view, is_loading=True, error=""))
        self.load_wanted.emit(self._view.period)

    def _reload(self) -> None:
        if not self._is_open:
            return
        # One request at a time: what moves meanwhile is asked for once, afterwards.
        if self._view.is_loading:
            self._is_stale = True
        else:
            self._load()

    def _arrived(self, view: TipsView) -> None:
        self._limit.stop()
        self._set(view)
        if self._is_stale and self._is_open:
            self._load()

    def _give_up(self) -> None:
        sentence = self.tr("No answer after 10 seconds. Is the database running?")
        self._arrived(replace(self._view, is_loading=False, error=sentence))

    def _set(self, view: TipsView) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit(view)
