"""The screens' one wiring: what the bridge says goes in, what the user wants goes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import SignalInstance

from blinkpos_desktop.domain.appearance import USUAL, Appearance
from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.sounds import Sounds
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel
from blinkpos_desktop.ui.viewmodels.shelf import Shelf
from blinkpos_desktop.ui.viewmodels.status import Status
from blinkpos_desktop.ui.viewmodels.till import Till

if TYPE_CHECKING:
    from blinkpos_desktop.domain.attention import Choice
    from blinkpos_desktop.domain.history import Place, Search
    from blinkpos_desktop.domain.item import Item
    from blinkpos_desktop.domain.options import Kind
    from blinkpos_desktop.domain.payment import Payment
    from blinkpos_desktop.domain.sale import Sale
    from blinkpos_desktop.domain.tips import Scope
    from blinkpos_desktop.ui.back_office import BackOffice


class Bridge(Protocol):
    """The only door between the screens and the services."""

    @property
    def fact(self) -> SignalInstance:
        """Carries every fact."""

    def charge(self, sale: Sale) -> None:
        """Make an invoice; InvoiceReady, PriceDoubted or ChargeFailed answers, once."""

    def cancel(self, payment_id: int) -> None:
        """Cancel a payment's invoice."""

    def check(self, payment_id: int) -> None:
        """Ask Blink for an invoice at once; InvoiceChecked or CheckFailed answers, once."""

    def take_up(self, payment_id: int) -> None:
        """Take a sale up that was left open; InvoiceReady answers, its end, or TakeUpFailed."""

    def shown(self, payment: Payment) -> None:
        """Take it that a payment is shown in green."""

    def acknowledge(self, payment_id: int) -> None:
        """Take it that a person has seen a payment; PaymentSeen or SeeingFailed answers."""

    def load_tips(self, scope: Scope) -> None:
        """Load the tips of a time; TipsLoaded or TipsFailed answers, unless asked anew before."""

    def find_sales(self, ticket: int, search: Search, behind: Place | None) -> None:
        """Load a page of the history; SalesFound or SalesFailed answers, unless asked anew."""

    def stop_finding(self) -> None:
        """Give up the page of the history that is being looked for."""

    def load_story(self, payment_id: int) -> None:
        """Load a payment's story; StoryLoaded or StoryFailed answers, unless asked anew."""

    def choose(self, transfer_id: int, choice: Choice) -> None:
        """Take a person's choice; ChoiceTaken or ChoiceFailed answers, once."""

    def examine(self) -> None:
        """Look at all that the till rests on; HealthExamined answers, once the till is there."""

    def save_item(self, item: Item) -> None:
        """Store an item as edited; ItemEdited or ItemEditFailed answers, once."""

    def remove_item(self, item: Item) -> None:
        """Take an item off the shelf; ItemEdited or ItemEditFailed answers, once."""

    def swap_items(self, one: int, other: int) -> None:
        """Let two items change places; ItemEdited or ItemEditFailed answers, once."""

    def load_last_sale(self) -> None:
        """Load this till's last sale; LastSaleLoaded or LastSaleFailed answers, once."""

    def load_settings(self) -> None:
        """Read what the owner has set; SettingsLoaded or SettingsLoadFailed answers, once."""

    def save_settings(self, changes: Mapping[str, str | None], stamp: str) -> None:
        """Save changed settings and use them; SettingsSaved or SettingsSaveFailed answers, once."""

    def look_up(self, kind: Kind, text: str) -> None:
        """Ask Blink whether it knows a name or a currency's code; LookedUp answers, once."""


def build(
    bridge: Bridge,
    *,
    presets: tuple[Fraction, ...],
    currency: Currency,
    appearance: Appearance = USUAL,
    network: str = "",
    sound: bool = True,
    zone: tzinfo | None = None,
    with_settings: bool = True,
) -> MainWindow:
    """Return the till's window, wired to ``bridge`` and not yet shown.

    What it looks like may become another at any time, by ``MainWindow.wear``. ``network`` is given
    when it is known before Blink answers, so that the band for money that is not real is there from
    the first moment. Days and times are those of ``zone``, or of the machine's own.
    ``with_settings`` tells whether there is a file for the Settings tab.

    The tabs hear of nothing before ``MainWindow.furnish``, which need not come before the first
    painting, but before the first fact.
    """
    till = Till(currency=currency, presets=presets)
    status = Status(network=network)
    shelf, last_sale = Shelf(currency=currency), LastSaleModel()
    till.zone = last_sale.zone = zone

    @cache
    def office() -> BackOffice:
        return _furnished(bridge, window, currency, zone)

    window = MainWindow(till, status, shelf, last_sale, office=office, appearance=appearance)
    window.settings_tab.setVisible(with_settings)
    sounds = Sounds(is_on=sound, volume=appearance.volume, parent=window)
    window.appearance_changed.connect(lambda worn: sounds.set_volume(worn.volume))
    for viewmodel in (till, status, shelf, last_sale):
        viewmodel.setParent(window)
        bridge.fact.connect(viewmodel.on_fact)
    till.charge_wanted.connect(bridge.charge)
    till.cancel_wanted.connect(bridge.cancel)
    till.check_wanted.connect(bridge.check)
    till.take_up_wanted.connect(bridge.take_up)
    till.green_shown.connect(bridge.shown)
    till.acknowledge_wanted.connect(bridge.acknowledge)
    till.sound_wanted.connect(sounds.play)
    window.heavy_wanted.connect(sounds.prepare)
    shelf.save_wanted.connect(bridge.save_item)
    shelf.remove_wanted.connect(bridge.remove_item)
    shelf.swap_wanted.connect(bridge.swap_items)
    last_sale.load_wanted.connect(bridge.load_last_sale)
    last_sale.again_wanted.connect(till.take_again)
    return window


def _furnished(
    bridge: Bridge, window: MainWindow, currency: Currency, zone: tzinfo | None
) -> BackOffice:
    from blinkpos_desktop.ui.back_office import furnish

    office = furnish(currency, zone, window)
    tips, history, settings = office.tips, office.history, office.settings
    for viewmodel in (tips, office.attention, office.health, history, settings):
        bridge.fact.connect(viewmodel.on_fact)
    tips.load_wanted.connect(bridge.load_tips)
    history.find_wanted.connect(bridge.find_sales)
    history.stop_wanted.connect(bridge.stop_finding)
    history.story_wanted.connect(bridge.load_story)
    office.attention.changed.connect(window.show_attention)
    office.attention.choice_wanted.connect(bridge.choose)
    office.health.examine_wanted.connect(bridge.examine)
    settings.load_wanted.connect(bridge.load_settings)
    settings.save_wanted.connect(bridge.save_settings)
    settings.look_up_wanted.connect(bridge.look_up)
    return office


def wear(window: MainWindow, settings: Settings) -> None:
    """Give an open window settings that have changed; the engine's are not its business."""
    till, office = window.findChild(Till), window.furnish()
    last_sale = window.findChild(LastSaleModel)
    assert till is not None
    assert last_sale is not None
    till.use_presets(settings.tip_presets)
    window.wear(settings.appearance)
    till.zone = last_sale.zone = settings.timezone
    office.tips.zone = office.history.zone = office.attention.zone = settings.timezone
