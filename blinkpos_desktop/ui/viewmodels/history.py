"""The History tab: a search, its sales page by page, and one sale's story."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    SalesFailed,
    SalesFound,
    ShopReady,
    StoryFailed,
    StoryLoaded,
    TransferChanged,
)
from blinkpos_desktop.domain.history import Days, PastSale, Search
from blinkpos_desktop.domain.money import SATS, Currency
from blinkpos_desktop.domain.seeking import Reading, readings, within
from blinkpos_desktop.ui.viewmodels.days import DaysPick, Quick, pick, quick_days
from blinkpos_desktop.ui.viewmodels.sale_words import SaleWords, sale_words
from blinkpos_desktop.ui.viewmodels.sales_model import SalesModel
from blinkpos_desktop.ui.viewmodels.story import StoryView, story_view
from blinkpos_desktop.ui.viewmodels.times import local

GIVE_UP_MS: Final = 10_000
"""After so long without an answer the tab says so."""
TYPED_MS: Final = 200
"""A pause of the fingers, after which what was typed is looked for."""
CALM_MS: Final = 300
"""What moves at the tills is shown so soon, and not more often."""


def silence() -> str:
    """Say that nothing answers."""
    return QCoreApplication.translate(
        "Tabs", "No answer after 10 seconds. Is the database running?"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """The tab at one moment. ``rows`` is None before the first answer."""

    text: str = ""
    readings: tuple[Reading, ...] = ()
    reading: int = 0
    """Which of them is looked for."""
    days: Days | None = None
    pick: DaysPick | None = None
    """The choice of days, while it is open."""
    rows: int | None = None
    is_loading: bool = False
    error: str = ""
    sale: PastSale | None = None
    """The one whose story is open."""
    story: StoryView | None = None
    story_error: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether not all sales are wanted."""
        return bool(self.readings) or self.days is not None


class History(QObject):
    """The tab's state and the user's acts.

    Signals:
        changed: a new HistoryView.
        find_wanted: a page of sales: its ticket, the Search, and the Place it is behind, or None.
        stop_wanted: the page that was asked for is no longer wanted.
        story_wanted: the id of a payment whose story is wanted.
    """

    changed = Signal(object)
    find_wanted = Signal(int, object, object)
    stop_wanted = Signal()
    story_wanted = Signal(object)

    def __init__(
        self,
        *,
        currency: Currency = SATS,
        zone: tzinfo | None = None,
        parent: QObject | None = None,
        now: Callable[[], float] = time.time,
        give_up_ms: int = GIVE_UP_MS,
        typed_ms: int = TYPED_MS,
        calm_ms: int = CALM_MS,
    ) -> None:
        super().__init__(parent)
        self._currency, self._now = currency, now
        self.zone = zone
        self.model = SalesModel(lambda sale: self.words(sale).spoken, parent=self)
        self.model.more_wanted.connect(self._load_next)
        self._view = HistoryView()
        self._search = Search()
        self._ticket, self._asked = 0, -1
        self._looked = (0, 0)
        self._is_open = self._is_stale = False
        self._is_at_top = True
        self._limit = self._timer(give_up_ms, self._give_up)
        self._story_limit = self._timer(give_up_ms, self._give_story_up)
        self._typed = self._timer(typed_ms, self._find)
        self._calm = self._timer(calm_ms, self._refresh)

    @property
    def view(self) -> HistoryView:
        """The tab now."""
        return self._view

    @property
    def today(self) -> date:
        """The shop's day now."""
        return local(self._now(), self.zone).date()

    def words(self, sale: PastSale) -> SaleWords:
        """Return a sale in words."""
        return sale_words(sale, today=self.today, zone=self.zone)

    # -- the user's acts ------------------------------------------------------------------

    def open(self) -> None:
        """Show the tab: its sales are loaded now, and not before."""
        self._is_open = True
        self._find()

    def close(self) -> None:
        """Leave the tab: nothing is loaded behind the scenes."""
        self._is_open = False
        for timer in (self._limit, self._typed, self._calm, self._story_limit):
            timer.stop()
        self._stop()
        self._set(replace(self._view, sale=None, story=None, story_error="", pick=None))

    def type(self, text: str) -> None:
        """Look for what is typed, once the fingers pause; what was looked for is given up."""
        found = readings(text, currency=self._currency, today=self._last_day, zone=self.zone)
        self._stop()
        self._typed.start()
        self._set(replace(self._view, text=text, readings=found, reading=0))

    def read_otherwise(self) -> None:
        """Take what is typed in its next meaning."""
        if len(self._view.readings) > 1:
            reading = (self._view.reading + 1) % len(self._view.readings)
            self._set(replace(self._view, reading=reading))
            self._find()

    def open_days(self) -> None:
        """Choose days."""
        self._set(replace(self._view, pick=pick(self._view.days, self.today)))

    def tap_day(self, day: date) -> None:
        """Choose the first or the last day."""
        if self._view.pick is not None:
            self._set(replace(self._view, pick=self._view.pick.tap(day)))

    def turn_month(self, months: int) -> None:
        """Show another month."""
        if self._view.pick is not None:
            self._set(replace(self._view, pick=self._view.pick.turn(months)))

    def choose_quick(self, quick: Quick) -> None:
        """Choose days that everybody asks for."""
        self.choose_days(quick_days(quick, self.today))

    def choose_picked(self) -> None:
        """Take the days that were tapped."""
        if self._view.pick is not None and self._view.pick.days is not None:
            self.choose_days(self._view.pick.days)

    def choose_days(self, days: Days | None) -> None:
        """Look in some days alone, or in all."""
        self._set(replace(self._view, days=days, pick=None))
        found = readings(
            self._view.text, currency=self._currency, today=self._last_day, zone=self.zone
        )
        # The shop may have another currency by now, and what was meant be at another place.
        meant = self._view.readings[self._view.reading].sort if self._view.readings else None
        reading = next((at for at, each in enumerate(found) if each.sort is meant), 0)
        self._set(replace(self._view, readings=found, reading=reading))
        self._find()

    def retry(self) -> None:
        """Ask again after a failure."""
        if self._view.sale is not None:
            self._load_story(self._view.sale)
        elif self._view.rows:
            self._load_wanted()
        else:
            self._find()

    def look(self, first: int, last: int) -> None:
        """Take it that these rows are on the screen: what is missing around them is loaded."""
        self._looked = (first, last)
        was_at_top, self._is_at_top = self._is_at_top, first <= 0
        if self._is_at_top and not was_at_top and self._is_stale:
            self._calm.start()
        if not self._view.error:
            self._load_wanted()

    def open_story(self, sale: PastSale) -> None:
        """Show all that happened to a sale."""
        self._set(replace(self._view, sale=sale, story=None, story_error=""))
        self._load_story(sale)

    def back(self) -> bool:
        """Leave the story or the choice of days; tell whether either was open."""
        if self._view.sale is None and self._view.pick is None:
            return False
        self._story_limit.stop()
        self._set(replace(self._view, sale=None, story=None, story_error="", pick=None))
        if self._is_stale:
            self._calm.start()
        return True

    # -- what the services say ------------------------------------------------------------

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        match fact:
            case SalesFound() if fact.ticket == self._ticket and self._view.is_loading:
                self._arrived(fact)
            case SalesFailed() if fact.ticket == self._ticket and self._view.is_loading:
                self._failed(fact.sentence)
            case StoryLoaded() if self._is_told_of(fact.payment_id):
                self._story_limit.stop()
                story = story_view(fact.story, self._view.sale, today=self.today, zone=self.zone)
                self._set(replace(self._view, story=story, story_error=""))
            case StoryFailed() if self._is_told_of(fact.payment_id):
                self._story_limit.stop()
                self._set(replace(self._view, story_error=fact.sentence))
            case ShopReady():
                self._currency = fact.currency
            case InvoiceReady() | PaymentPaid() | PaymentClosed() | PaymentCompleted():
                self._stir()
            case TransferChanged():
                self._stir()

    def _is_told_of(self, payment_id: int) -> bool:
        return self._view.sale is not None and self._view.sale.payment_id == payment_id

    @property
    def _last_day(self) -> date:
        return self._view.days.last if self._view.days else self.today

    # -- pages ----------------------------------------------------------------------------

    def _find(self) -> None:
        """Look from the beginning for what is typed and chosen now."""
        self._typed.stop()
        reading = self._view.readings[self._view.reading] if self._view.readings else None
        search = reading.search if reading else Search()
        self._search = within(search, self._view.days, self.zone)
        self._is_at_top = True
        self._ask(0)

    @property
    def _is_free(self) -> bool:
        """Whether nothing is asked or about to be."""
        return not self._view.is_loading and not self._typed.isActive()

    def _load_next(self) -> None:
        if (number := self.model.next_page) is not None and not self._view.is_loading:
            self._ask(number)

    def _load_wanted(self) -> None:
        if not self._is_free or not self._is_open:
            return
        if (number := self.model.wanted(*self._looked)) is not None:
            self._ask(number)
        elif self._view.error:
            self._ask(0)

    def _ask(self, number: int) -> None:
        self._ticket += 1
        self._asked = number
        self._limit.start()
        if number == 0:
            self._is_stale = False
        self._set(replace(self._view, is_loading=True, error=""))
        behind = self.model.behind(number) if number else None
        self.find_wanted.emit(self._ticket, self._search, behind)

    def _arrived(self, fact: SalesFound) -> None:
        self._limit.stop()
        if self._asked == 0:
            self.model.begin(fact.page)
            self._looked = (0, 0)
        else:
            self.model.put(self._asked, fact.page)
        rows = self.model.rowCount()
        self._set(replace(self._view, rows=rows, is_loading=False, error=""))
        if self._is_stale and self._is_at_top:
            self._calm.start()
        self._load_wanted()

    def _failed(self, sentence: str) -> None:
        self._limit.stop()
        self._is_stale = self._is_stale or self._asked == 0
        self._set(replace(self._view, is_loading=False, error=sentence))

    def _give_up(self) -> None:
        self._stop()
        self._failed(silence())

    def _stop(self) -> None:
        """Want no answer any more."""
        if self._view.is_loading:
            self._ticket += 1
            self._limit.stop()
            self._set(replace(self._view, is_loading=False))
            self.stop_wanted.emit()

    # -- what moves meanwhile -------------------------------------------------------------

    def _stir(self) -> None:
        if self._is_open:
            self._is_stale = True
            if not self._calm.isActive():
                self._calm.start()

    def _refresh(self) -> None:
        """Show what has moved, where it disturbs nobody."""
        if self._view.sale is not None:
            self._load_story(self._view.sale)
        elif self._is_stale and self._is_at_top and self._is_free and not self._view.error:
            self._ask(0)

    # -- a story --------------------------------------------------------------------------

    def _load_story(self, sale: PastSale) -> None:
        self._story_limit.start()
        self._set(replace(self._view, story_error=""))
        self.story_wanted.emit(sale.payment_id)

    def _give_story_up(self) -> None:
        self._set(replace(self._view, story_error=silence()))

    # -- the rest -------------------------------------------------------------------------

    def _timer(self, milliseconds: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer

    def _set(self, view: HistoryView) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit(view)
