"""The window: a stack of pages and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from blinkpos_desktop.domain.appearance import USUAL, Appearance, Look
from blinkpos_desktop.ui.dressing import till_font
from blinkpos_desktop.ui.keyboard import strike
from blinkpos_desktop.ui.page_makers import PageMakers
from blinkpos_desktop.ui.viewmodels.basket import HOME
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel, LastSaleView
from blinkpos_desktop.ui.viewmodels.shelf import Shelf, ShelfView
from blinkpos_desktop.ui.viewmodels.status import Status, StatusView
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import Screen, TillView
from blinkpos_desktop.ui.wardrobe import Wardrobe
from blinkpos_desktop.ui.widgets.header import Header
from blinkpos_desktop.ui.widgets.page import Page
from blinkpos_desktop.ui.widgets.page_stack import PageStack
from blinkpos_desktop.ui.widgets.status_line import Band, StatusLine

if TYPE_CHECKING:
    from blinkpos_desktop.ui.back_office import BackOffice
    from blinkpos_desktop.ui.viewmodels.attention import AttentionView

FIRST_SIZE: Final = (1024, 768)
LEAST_SIZE: Final = (480, 400)
_ALONE: Final = ("editor", "last sale")
"""Pages that fill the window: its tabs come back when they are left."""
_AHEAD: Final = {
    Screen.TIP: (Screen.MAKING, Screen.INVOICE),
    Screen.MAKING: (Screen.INVOICE,),
    Screen.INVOICE: (Screen.SUCCESS,),
}
"""The pages that come next are made while the customer or Blink is thinking."""
_SALE: Final = (Screen.TIP, Screen.MAKING, Screen.INVOICE, Screen.SUCCESS)
"""The pages of every sale: made once the till is loaded, so that the first one is as quick."""


class _TillPage(Protocol):
    """A page that shows the counter."""

    def show_view(self, view: TillView) -> None: ...


class MainWindow(QWidget):
    """The till's window.

    Signals:
        closing: the window was closed; the app ends its work.
        first_painted: the keypad is on the screen.
        heavy_wanted: no thread imports anything any more; what is heavy may be loaded.
        theme_chosen: True when dark was chosen by hand, False when light.
        appearance_changed: the Appearance that is worn from now on.
    """

    closing = Signal()
    first_painted = Signal()
    heavy_wanted = Signal()
    theme_chosen = Signal(bool)
    appearance_changed = Signal(object)

    def __init__(
        self,
        till: Till,
        status: Status,
        shelf: Shelf,
        last_sale: LastSaleModel,
        *,
        office: Callable[[], BackOffice],
        appearance: Appearance = USUAL,
        parent: QWidget | None = None,
    ) -> None:
        # Before there is a widget: one that exists would hear of the font too late.
        QApplication.setFont(till_font())
        super().__init__(parent)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setWindowTitle(self.tr("BlinkPOS"))
        self._till, self._shelf, self._last_sale = till, shelf, last_sale
        self._office = office
        self._makers = PageMakers(
            till=till,
            shelf=shelf,
            last_sale=last_sale,
            office=office,
            leave_health=self.open_till,
        )
        self._wardrobe = Wardrobe(self, appearance)
        self._has_painted = False
        self._pages: dict[object, Page] = {}
        self._build()
        self.setMinimumSize(*LEAST_SIZE)
        self.resize(*FIRST_SIZE)
        till.changed.connect(self._show_till)
        status.changed.connect(self._show_status)
        shelf.changed.connect(self._show_shelf)
        last_sale.changed.connect(self._show_last_sale)
        self.heavy_wanted.connect(self._make_ahead)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)
        self._show_status(status.view)
        self._header.show_waiting(0)
        self._dress()
        self._show_till(till.view)
        # The keyboard types on the counter; only Tab takes it elsewhere.
        self._header.tabs["till"].setChecked(True)
        self.setFocus()

    # -- pages ----------------------------------------------------------------------------

    def page(self, name: object) -> Page:
        """Return a page by its Screen, or the tab's by its name; made on first use."""
        if name not in self._pages:
            page = self._makers.make(name)
            page.setParent(self.stack)
            self._equip(page)
            self.stack.addWidget(page)
            self._pages[name] = page
        return self._pages[name]

    def _make_ahead(self) -> None:
        """Make the next page of a sale that is not made; one a turn, keys come between."""
        name = next((each for each in _SALE if each not in self._pages), None)
        if name is not None:
            self.page(name)
            QTimer.singleShot(0, self, self._make_ahead)

    def furnish(self) -> BackOffice:
        """Make what the tabs show, if it isn't made; they hear every fact from here on."""
        return self._office()

    def open_till(self) -> None:
        """Show the keypad, or the sale that is under way."""
        self._till.open_keypad()
        self._go_to(self.page(self._till.view.screen))

    def open_items(self) -> None:
        """Show the items."""
        self._till.open_items()
        self._go_to(self.page(self._till.view.screen))

    def open_history(self) -> None:
        """Show the History tab."""
        self._go_to(self.page("history"))

    def open_tips(self) -> None:
        """Show the Tips tab."""
        self._go_to(self.page("tips"))

    def open_attention(self) -> None:
        """Show what needs a person."""
        self._go_to(self.page("attention"))

    def open_settings(self) -> None:
        """Show the Settings tab."""
        self._turn_to(self.page("settings"))

    def toggle_health(self) -> None:
        """Show the health panel, or the counter again."""
        page = self.page("health")
        if self.stack.currentWidget() is page:
            self.open_till()
        else:
            self._go_to(page)

    def _go_to(self, page: Page) -> None:
        """Turn to a page that somebody wants, unless something unsaved asks him first."""
        is_here = self.stack.currentWidget() is self._pages.get("settings")
        if is_here and not self._office().settings.may_leave():
            self.settings_tab.setChecked(True)
        else:
            self._turn_to(page)

    def _turn_to(self, page: Page) -> None:
        if self.stack.currentWidget() is page:
            return
        # No button of the page that goes may pass the focus to its neighbour.
        self.setFocus()
        self.stack.setCurrentWidget(page)
        names: dict[object, str] = {Screen.ITEMS: "items"}
        names |= {name: name for name in ("history", "tips", "attention", "settings")}
        shown = (tab for name, tab in names.items() if page is self._pages.get(name))
        if page is self._pages.get("health"):
            self._header.uncheck()
        else:
            self._header.tabs[next(shown, "till")].setChecked(True)
        if page is not self._pages.get("last sale"):
            self._last_sale.close()
        if page is not self._pages.get("editor"):
            self._shelf.back()
        is_alone = page in {self._pages.get(name) for name in _ALONE}
        self._header.setVisible(not is_alone and (self._is_tab_open or self._is_home))

    def _leave_tab(self) -> None:
        if self.stack.currentWidget() is self._pages.get("editor"):
            self._shelf.back()
        else:
            self.open_till()

    @property
    def _is_tab_open(self) -> bool:
        """Whether a tab beside the counter is shown."""
        return self.stack.currentWidget() in {
            self._pages[name]
            for name in ("history", "tips", "attention", "health", "settings", *_ALONE)
            if name in self._pages
        }

    @property
    def is_free(self) -> bool:
        """Whether no sale is on the screen."""
        return self._is_home

    @property
    def _is_home(self) -> bool:
        return self._till.view.screen in HOME

    # -- what the viewmodels say ----------------------------------------------------------

    def _show_till(self, view: TillView) -> None:
        page = self.page(view.screen)
        show: _TillPage = page  # type: ignore[assignment]
        show.show_view(view)
        if self._is_tab_open and self._is_home:
            # The owner looks at a tab: what changes behind it can wait.
            return
        self._header.setVisible(self._is_home)
        self._status.setVisible(view.screen is not Screen.SUCCESS)
        self._status.set_tappable(is_tappable=self._is_home)
        self._turn_to(page)
        for ahead in _AHEAD.get(view.screen, ()):
            QTimer.singleShot(0, self, lambda name=ahead: self.page(name))

    def _show_status(self, view: StatusView) -> None:
        self._band.show_view(view)
        self._status.show_view(view)

    def show_attention(self, view: AttentionView) -> None:
        """Show how much waits; who is looking at an empty list is not thrown out."""
        self._header.show_waiting(view.count)

    def _show_shelf(self, view: ShelfView) -> None:
        if view.draft is not None:
            self._turn_to(self.page("editor"))
        elif self.stack.currentWidget() is self._pages.get("editor"):
            self._turn_to(self.page(self._till.view.screen))

    def _show_last_sale(self, view: LastSaleView) -> None:
        if view.is_open:
            self._turn_to(self.page("last sale"))
        elif self.stack.currentWidget() is self._pages.get("last sale"):
            self._turn_to(self.page(self._till.view.screen))

    # -- how it looks ---------------------------------------------------------------------

    def wear(self, appearance: Appearance) -> None:
        """Look, move and sound like this from now on."""
        self._wardrobe.take(appearance)
        self._dress()
        for page in self._pages.values():
            self._equip(page)
        self.appearance_changed.emit(self._wardrobe.appearance)

    def _dress(self) -> None:
        """Dress the window for its size, if it isn't."""
        if not self._wardrobe.dress():
            return
        wardrobe, metrics = self._wardrobe, self._wardrobe.metrics
        self._header.show_theme(
            is_dark=wardrobe.is_dark, is_chosen=wardrobe.look is not Look.CONTRAST
        )
        self._header.set_metrics(metrics)
        self._status.set_metrics(metrics)
        for page in self._pages.values():
            page.set_metrics(metrics)

    def _equip(self, page: Page) -> None:
        page.set_appearance(self._wardrobe.appearance)
        page.set_metrics(self._wardrobe.metrics)

    def _toggle_theme(self) -> None:
        self._wardrobe.swap()
        self._dress()
        self.theme_chosen.emit(self._wardrobe.is_dark)

    def _build(self) -> None:
        self._band, self._status = Band(), StatusLine()
        self.stack, self._header = PageStack(), Header()
        tabs = self._header.tabs
        self.till_tab, self.items_tab, self.attention_tab = (
            tabs[name] for name in ("till", "items", "attention")
        )
        self.history_tab, self.tips_tab = tabs["history"], tabs["tips"]
        self.settings_tab = tabs["settings"]
        self._header.chosen.connect(self._open)
        self._header.theme_wanted.connect(self._toggle_theme)
        self._status.clicked.connect(self.toggle_health)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._band, self._header, self.stack, self._status):
            column.addWidget(widget, 1 if widget is self.stack else 0)

    def _open(self, tab: str) -> None:
        ways = {
            "till": self.open_till,
            "items": self.open_items,
            "history": self.open_history,
            "tips": self.open_tips,
            "attention": self.open_attention,
            "settings": self.open_settings,
        }
        ways[tab]()

    # -- Qt's events ----------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Type on the counter while it is shown."""
        if self._is_tab_open:
            if event.key() == Qt.Key.Key_Escape:
                self._leave_tab()
        elif not strike(self._till, event):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adapt the sizes when the window has grown or shrunk enough."""
        super().resizeEvent(event)
        self._dress()
        self._header.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell the first paint, once it is done."""
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self, self.first_painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell it; the window goes, the app ends when its work is done."""
        event.accept()
        self.closing.emit()
