"""An owner sets things at the screen of the real till, and the next sale has them."""

from __future__ import annotations

import asyncio
import tomllib
from fractions import Fraction
from typing import Final

from blinkpos_desktop import settings
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    LookedUp,
    PaymentClosed,
    PaymentCompleted,
    SettingsLoaded,
    SettingsSaved,
    ShopReady,
    TillRestarting,
)
from blinkpos_desktop.domain.options import Group
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.settings_page import SettingsPage
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.keypad import HOLD_SECONDS
from tests.e2e.stories import Beside

FILE: Final = """\
# The cafe's till
merchant = "cafe" # Ana's
tip_recipients = "elturco"
till = "counter"
"""


async def sets_things(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Merchant, recipient and percentages change between two sales; then the till's name does."""
    till = Beside(window, bridge)
    await till.ready()
    before = await _asked_for(till, Key.D5)
    await till.cancel()
    await till.hear(PaymentClosed, lambda f: f.payment.id == before.id)

    page = await _opened(till)
    await _type(till, page, MERCHANT="ben", TIP_RECIPIENTS="ana", TIP_PRESETS="20, 25")
    await till.hear(LookedUp, lambda f: f.text == "ana" and f.is_known is True)
    assert page.fields["TIP_RECIPIENTS"].note.text() == "✓ ana: found at Blink"
    page.save.click()
    await till.hear(SettingsSaved)
    await till.hear(ShopReady, lambda f: [r.username for r in f.tip_recipients] == ["ana"])
    text = settings.config_file().read_text(encoding="utf-8")
    assert text.startswith("# The cafe's till\n")
    assert 'merchant = "ben" # Ana\'s' in text
    assert tomllib.loads(text) == {
        "merchant": "ben",
        "tip_recipients": "ana",
        "till": "counter",
        "tip_presets": [20, 25],
    }
    after = await _asked_for(till, Key.D7, percents=(20, 25))
    await _pay(control, till, after)
    assert _names(after) == ["ana", "ben"]

    # What was sold before goes where it was to go, though it is paid only now.
    await _pay(control, till, before)
    assert _names(before) == ["cafe", "elturco"]

    page = await _opened(till, Group.TILL)
    await _type(till, page, TILL="terrace")
    assert page.told.text() == "Not saved yet. The till will connect anew."
    page.save.click()
    await till.hear(TillRestarting)
    till.forget()
    await till.ready()
    last = await _asked_for(till, Key.D9, percents=(20, 25))
    assert last.till == "terrace"
    await _pay(control, till, last)
    return 0


async def _opened(till: Beside, group: Group = Group.SALE) -> SettingsPage:
    till.window.settings_tab.click()
    page = till.window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    await till.hear(SettingsLoaded)
    page.groups[group].click()
    return page


async def _type(till: Beside, page: SettingsPage, **texts: str) -> None:
    for name, text in texts.items():
        await till.see(lambda name=name: name in page.fields)  # type: ignore[misc]
        line = page.fields[name].line
        assert line is not None
        line.setText(text)
        line.textEdited.emit(text)


async def _asked_for(till: Beside, digit: Key, percents: tuple[int, ...] = (10, 15, 20)) -> Payment:
    """Type two digits and charge with the first percentage; return the sale with its code."""
    till.window.till_tab.click()
    keypad, amount = till.keypad.keypad, till.keypad.amount
    # The keypad that comes back lets hastier fingers wait, on purpose.
    await till.touch(keypad.keys[digit], lambda: amount.text() == f"{digit.value} sats")
    keypad.keys[Key.D0].strike()
    await till.see(keypad.ok.isEnabled)
    await till.enter_until(Screen.TIP)
    page = till.window.page(Screen.TIP)
    assert isinstance(page, TipPage)
    choices = till.view.tip_choices
    assert [each.percent for each in choices] == [Fraction(each) for each in percents]
    await till.touch(page.presets.choices[0], lambda: not till.shows(Screen.TIP))
    base = int(digit.value) * 10
    return (await till.hear(InvoiceReady, lambda f: f.payment.base.minor == base)).payment


async def _pay(control: ControlClient, till: Beside, payment: Payment) -> None:
    assert payment.invoice is not None
    request = payment.invoice.payment_request
    await asyncio.to_thread(control.pay, request, from_username="visitor")
    await till.hear(PaymentCompleted, lambda f: f.payment.id == payment.id)
    if till.shows(Screen.SUCCESS):
        await till.enter_until(Screen.KEYPAD)
        await asyncio.sleep(HOLD_SECONDS)


def _names(payment: Payment) -> list[str]:
    return sorted(each.recipient for each in payment.transfers)
