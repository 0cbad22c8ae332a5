"""The window: a stack of pages and nothing else."""

from __future__ import annotations

from typing import Final, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from blinkpos_desktop.ui.keyboard import strike
from blinkpos_desktop.ui.page_makers import PageMakers
from blinkpos_desktop.ui.theme import Metrics, Theme, metrics_for, system_is_dark, till_font
from blinkpos_desktop.ui.viewmodels.attention import Attention, AttentionView
from blinkpos_desktop.ui.viewmodels.basket import HOME
from blinkpos_desktop.ui.viewmodels.health import HealthPanel
from blinkpos_desktop.ui.viewmodels.history import History
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel, LastSaleView
from blinkpos_desktop.ui.viewmodels.settings import SettingsModel
from blinkpos_desktop.ui.viewmodels.shelf import Shelf, ShelfView
from blinkpos_desktop.ui.viewmodels.status import Status, StatusView
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.tips import Tips
from blinkpos_desktop.ui.viewmodels.view import Screen, TillView
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.page import Page
from blinkpos_desktop.ui.widgets.status_line import Band, StatusLine

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
    """

    closing = Signal()
    first_painted = Signal()
    heavy_wanted = Signal()
    theme_chosen = Signal(bool)

    def __init__(
        self,
        till: Till,
        status: Status,
        tips: Tips,
        attention: Attention,
        health: HealthPanel,
        shelf: Shelf,
        last_sale: LastSaleModel,
        history: History,
        settings: SettingsModel,
        *,
        dark: bool | None = None,
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
        self._settings = settings
        self._makers = PageMakers(
            till=till,
            tips=tips,
            attention=attention,
            health=health,
            shelf=shelf,
            last_sale=last_sale,
            history=history,
            settings=settings,
            leave_health=self.open_till,
        )
        self._follows_system = dark is None
        self._is_dark = system_is_dark() if dark is None else dark
        self._metrics: Metrics | None = None
        self._has_painted = False
        self._waiting = 0
        self._pages: dict[object, Page] = {}
        self._build()
        self.setMinimumSize(*LEAST_SIZE)
        self.resize(*FIRST_SIZE)
        till.changed.connect(self._show_till)
        status.changed.connect(self._show_status)
        attention.changed.connect(self._show_attention)
        shelf.changed.connect(self._show_shelf)
        last_sale.changed.connect(self._show_last_sale)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._show_status(status.view)
        self._show_attention(attention.view)
        self._wear()
        self._show_till(till.view)
        # The keyboard types on the counter; only Tab takes it elsewhere.
        self.till_tab.setChecked(True)
        self.setFocus()

    # -- pages ----------------------------------------------------------------------------

    def page(self, name: object) -> Page:
        """Return a page by its Screen, or the tab's by its name; made on first use."""
        if name not in self._pages:
            page = self._makers.make(name)
            page.setParent(self.stack)
            page.set_metrics(self._metrics or Metrics())
            self.stack.addWidget(page)
            self._pages[name] = page
        return self._pages[name]

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
        if is_here and not self._settings.may_leave():
            self.settings_tab.setChecked(True)
        else:
            self._turn_to(page)

    def _turn_to(self, page: Page) -> None:
        if self.stack.currentWidget() is page:
            return
        # No button of the page that goes may pass the focus to its neighbour.
        self.setFocus()
        self.stack.setCurrentWidget(page)
        tabs: dict[object, Button] = {
            Screen.ITEMS: self.items_tab,
            "history": self.history_tab,
            "tips": self.tips_tab,
            "attention": self.attention_tab,
            "settings": self.settings_tab,
        }
        shown = next((tab for name, tab in tabs.items() if page is self._pages.get(name)), None)
        if page is self._pages.get("health"):
            self._uncheck_tabs()
        else:
            (shown or self.till_tab).setChecked(True)
        if page is not self._pages.get("last sale"):
            self._last_sale.close()
        if page is not self._pages.get("editor"):
            self._shelf.back()
        is_alone = page in {self._pages.get(name) for name in _ALONE}
        self._header.setVisible(not is_alone and (self._is_tab_open or self._is_home))

    def _uncheck_tabs(self) -> None:
        """Show that none of the tabs is open: one of a group never goes out by itself."""
        for tab in self._all_tabs:
            tab.setAutoExclusive(False)
            tab.setChecked(False)
            tab.setAutoExclusive(True)

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

    def _show_attention(self, view: AttentionView) -> None:
        self.attention_tab.setAccessibleName(self.tr("{n} need attention").format(n=view.count))
        # A badge until the list is empty; who is looking at it is not thrown out.
        self.attention_tab.setVisible(view.count > 0)
        self._waiting = view.count
        self._fit_badge()

    def _fit_badge(self) -> None:
        """Say it in fewer letters where the window has no room for all the tabs."""
        gap = (self._metrics or Metrics()).gap
        self._tabs.setSpacing(gap if self.width() > self.height() else 0)
        self.attention_tab.setText(self.tr("Attention ({n})").format(n=self._waiting))
        if self._waiting and self._tabs.sizeHint().width() > self.width():
            self.attention_tab.setText(self.tr("! {n}").format(n=self._waiting))

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

    def _wear(self) -> None:
        """Dress the window for its size and theme."""
        self._metrics = metrics_for(self.width(), self.height())
        Theme(is_dark=self._is_dark, metrics=self._metrics).apply(self)
        self._theme.set_icon(Icon.SUN if self._is_dark else Icon.MOON)
        self._status.set_metrics(self._metrics)
        margin = self._metrics.margin
        self._tabs.setContentsMargins(margin // 2, 0, margin // 2, 0)
        for page in self._pages.values():
            page.set_metrics(self._metrics)

    def _toggle_theme(self) -> None:
        self._follows_system = False
        self._is_dark = not self._is_dark
        self._wear()
        self.theme_chosen.emit(self._is_dark)

    def _system_changed(self) -> None:
        if self._follows_system and self._is_dark is not system_is_dark():
            self._is_dark = system_is_dark()
            self._wear()

    def _build(self) -> None:
        self._band, self._status = Band(), StatusLine()
        self.stack = QStackedWidget()
        self._header = QWidget()
        self._tabs = QHBoxLayout(self._header)
        self.till_tab = Button(self.tr("Till"), role="tab")
        self.items_tab = Button(self.tr("Items"), role="tab")
        self.history_tab = Button(self.tr("History"), role="tab")
        self.tips_tab = Button(self.tr("Tips"), role="tab")
        self.attention_tab = Button(role="badge")
        self.settings_tab = IconButton(Icon.GEAR, name=self.tr("Settings"), role="tab")
        self.settings_tab.setProperty("slim", True)
        self._theme = IconButton(Icon.MOON, name=self.tr("Light or dark"), role="plain")
        self.till_tab.clicked.connect(self.open_till)
        self.items_tab.clicked.connect(self.open_items)
        self.history_tab.clicked.connect(self.open_history)
        self.tips_tab.clicked.connect(self.open_tips)
        self.attention_tab.clicked.connect(self.open_attention)
        self.settings_tab.clicked.connect(self.open_settings)
        self._theme.clicked.connect(self._toggle_theme)
        self._status.clicked.connect(self.toggle_health)
        self._all_tabs: tuple[Button, ...] = (
            self.till_tab,
            self.items_tab,
            self.history_tab,
            self.tips_tab,
            self.attention_tab,
            self.settings_tab,
        )
        for tab in self._all_tabs:
            tab.setCheckable(True)
            tab.setAutoExclusive(True)
            if tab is self.settings_tab:
                self._tabs.addStretch(1)
            self._tabs.addWidget(tab)
        self._tabs.addWidget(self._theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._band, self._header, self.stack, self._status):
            column.addWidget(widget, 1 if widget is self.stack else 0)

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
        if self._metrics not in {None, metrics_for(self.width(), self.height())}:
            self._wear()
        self._fit_badge()

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
