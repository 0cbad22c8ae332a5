"""How each page of the window is made, on first use: the keypad does not wait for the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel
from blinkpos_desktop.ui.viewmodels.shelf import Shelf
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.page import Page

if TYPE_CHECKING:
    from blinkpos_desktop.ui.back_office import BackOffice


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMakers:
    """What the pages are made of. ``leave_health`` goes from the health panel to the counter."""

    till: Till
    shelf: Shelf
    last_sale: LastSaleModel
    office: Callable[[], BackOffice]
    """What the tabs are made of, made itself on first use."""
    leave_health: Callable[[], None]

    def make(self, name: object) -> Page:
        """Return a new page by its Screen, or the tab's by its name."""
        makers: dict[object, Callable[[], Page]] = {
            Screen.KEYPAD: lambda: KeypadPage(self.till, self.last_sale),
            Screen.ITEMS: self._items,
            Screen.CART: self._cart,
            Screen.TIP: self._tip,
            Screen.PRICE: self._price,
            Screen.MAKING: self._making,
            Screen.INVOICE: self._invoice,
            Screen.SUCCESS: self._success,
            "history": self._history,
            "tips": self._tips,
            "attention": self._attention,
            "health": self._health,
            "editor": self._editor,
            "last sale": self._last_sale,
            "settings": self._settings,
        }
        return makers[name]()

    def _items(self) -> Page:
        from blinkpos_desktop.ui.pages.items_page import ItemsPage

        return ItemsPage(self.till, self.shelf)

    def _cart(self) -> Page:
        from blinkpos_desktop.ui.pages.cart_page import CartPage

        return CartPage(self.till)

    def _tip(self) -> Page:
        from blinkpos_desktop.ui.pages.tip_page import TipPage

        return TipPage(self.till)

    def _price(self) -> Page:
        from blinkpos_desktop.ui.pages.price_page import PricePage

        return PricePage(self.till)

    def _making(self) -> Page:
        from blinkpos_desktop.ui.pages.making_page import MakingPage

        return MakingPage(self.till)

    def _invoice(self) -> Page:
        from blinkpos_desktop.ui.pages.invoice_page import InvoicePage

        return InvoicePage(self.till)

    def _success(self) -> Page:
        from blinkpos_desktop.ui.pages.success_page import SuccessPage

        return SuccessPage(self.till)

    def _history(self) -> Page:
        from blinkpos_desktop.ui.pages.history_page import HistoryPage

        return HistoryPage(self.office().history)

    def _tips(self) -> Page:
        from blinkpos_desktop.ui.pages.tips_page import TipsPage

        return TipsPage(self.office().tips)

    def _attention(self) -> Page:
        from blinkpos_desktop.ui.pages.attention_page import AttentionPage

        return AttentionPage(self.office().attention)

    def _health(self) -> Page:
        from blinkpos_desktop.ui.pages.health_page import HealthPage

        page = HealthPage(self.office().health)
        page.back_wanted.connect(self.leave_health)
        return page

    def _editor(self) -> Page:
        from blinkpos_desktop.ui.pages.editor_page import EditorPage

        return EditorPage(self.shelf)

    def _last_sale(self) -> Page:
        from blinkpos_desktop.ui.pages.last_sale_page import LastSalePage

        return LastSalePage(self.last_sale)

    def _settings(self) -> Page:
        from blinkpos_desktop.ui.pages.settings_page import SettingsPage

        return SettingsPage(self.office().settings)
