"""The history as Qt's own kind of list: pages as they come, of which few are kept.

A page is known by where the one before it ended, and what lies behind that never changes its
place. So a page that is far from what is looked at can be let go and be read again: whoever
scrolls over a million sales holds some thousands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from blinkpos_desktop.domain.history import PAGE_SALES, Page, PastSale, Place

KEPT_PAGES: Final = 40
"""Two thousand sales: much more than a screen, and little memory."""
AHEAD: Final = 2 * PAGE_SALES
"""How many rows before the end the next page is wanted, so that no finger meets the end."""
Words = Callable[[PastSale], str]
_NOWHERE: Final = QModelIndex()


class SalesModel(QAbstractListModel):
    """The sales of one search, newest first.

    Signals:
        more_wanted: a view has come to the end, and there is more.
    """

    more_wanted = Signal()
    SALE: Final = Qt.ItemDataRole.UserRole
    """The role of a PastSale; its data is None while its page is read again."""

    def __init__(self, spoken: Words, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._spoken = spoken
        self._pages: dict[int, tuple[PastSale, ...]] = {}
        self._starts: list[Place | None] = [None]
        self._rows = 0
        self._is_whole = True
        self._around = 0

    # -- what views ask -------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        """Return how many sales are known so far."""
        return 0 if parent.isValid() else self._rows

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Return a sale, or its words for screen readers."""
        sale = self.sale(index.row()) if index.isValid() else None
        if role == self.SALE:
            return sale
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._spoken(sale) if sale else ""
        return None

    def canFetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> bool:
        """Tell whether there are older ones."""
        return not parent.isValid() and not self._is_whole

    def fetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> None:
        """Ask for the next page; it comes later."""
        if not parent.isValid():
            self.more_wanted.emit()

    # -- what the view model does ---------------------------------------------------------

    def sale(self, row: int) -> PastSale | None:
        """Return the sale of a row, if its page is at hand."""
        page = self._pages.get(row // PAGE_SALES, ())
        at = row % PAGE_SALES
        return page[at] if 0 <= at < len(page) else None

    def wanted(self, first: int, last: int) -> int | None:
        """Return the number of the page to be read next for rows that are looked at."""
        self._around = (first + last) // 2 // PAGE_SALES
        for number in range(max(first, 0) // PAGE_SALES, last // PAGE_SALES + 1):
            if (
                number < len(self._starts)
                and number not in self._pages
                and number * PAGE_SALES < self._rows
            ):
                return number
        return self.next_page if last + AHEAD >= self._rows else None

    @property
    def next_page(self) -> int | None:
        """The number of the page behind the last one; ``None`` when there is none."""
        return None if self._is_whole else len(self._starts) - 1

    def behind(self, number: int) -> Place | None:
        """Return where a page begins."""
        return self._starts[number]

    @property
    def held(self) -> int:
        """How many sales are in memory."""
        return sum(len(page) for page in self._pages.values())

    def begin(self, page: Page) -> None:
        """Show another search's first page, or the same one's anew."""
        if self._pages.get(0) == page.sales and self._rows == len(page.sales):
            return
        self.beginResetModel()
        self._pages = {0: page.sales}
        self._starts = [None] if page.end is None else [None, page.end]
        self._rows, self._is_whole, self._around = len(page.sales), page.end is None, 0
        self.endResetModel()

    def put(self, number: int, page: Page) -> None:
        """Take a page: the next one, or one that was let go."""
        if number == self.next_page:
            self._append(number, page)
        elif number * PAGE_SALES < self._rows:
            self._pages[number] = page.sales
            top = self.index(number * PAGE_SALES)
            bottom = self.index(min((number + 1) * PAGE_SALES, self._rows) - 1)
            self.dataChanged.emit(top, bottom)
        self._let_go()

    def _append(self, number: int, page: Page) -> None:
        self._is_whole = page.end is None
        if page.sales:
            first = self._rows
            self.beginInsertRows(QModelIndex(), first, first + len(page.sales) - 1)
            self._pages[number] = page.sales
            self._rows += len(page.sales)
            self.endInsertRows()
        if page.end is not None:
            self._starts.append(page.end)

    def _let_go(self) -> None:
        while len(self._pages) > KEPT_PAGES:
            del self._pages[max(self._pages, key=lambda number: abs(number - self._around))]
