"""The owner's tabs at the real till, over a ledger with a past."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QLabel

from blinkpos_desktop import settings
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    SalesFound,
    StoryLoaded,
    TipsLoaded,
)
from blinkpos_desktop.domain.history import PastSale
from blinkpos_desktop.domain.tips import Period
from blinkpos_desktop.services.store import connections
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.history_page import HistoryPage
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.pages.tips_page import TipsPage
from blinkpos_desktop.ui.viewmodels.history import History, silence
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.viewmodels.words import sats_text
from tests.e2e.stories import Beside
from tests.support import ledger
from tests.support.servers import frozen

PAST = 1_000
"""How many sales were made before."""
PAST_HUNG = 5
"""The same on the server that hangs."""
_RECIPIENTS: Final = """SELECT i.payment_hash FROM recipient_invoices i
    JOIN transfers t ON t.id = i.transfer_id WHERE t.payment_id ="""


async def looks_back(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Scrolls to the first sale of all, finds some, hears a story, and sees tips come in."""
    till = Beside(window, bridge)
    await till.ready()
    history = window.findChild(History)
    assert history is not None
    window.history_tab.click()
    page = window.stack.currentWidget()
    assert isinstance(page, HistoryPage)
    await till.hear(SalesFound)
    await _scroll_to_the_end(till, page, history)

    # Typed on while the one before is still asked: the last one counts.
    page.line.textEdited.emit("table")
    history._find()
    await _seek(till, page, history, "table 17")
    notes = {_sale(history, row).note for row in range(history.model.rowCount())}
    assert notes
    assert all(note.startswith("table 17") for note in notes)
    first = _sale(history, 0)
    await _seek(till, page, history, first.payment_hash)
    assert [_sale(history, row) for row in range(history.model.rowCount())] == [first]
    query = f"{_RECIPIENTS} {first.payment_id}"
    recipients = await asyncio.to_thread(ledger.rows, _database(), query)
    await _seek(till, page, history, recipients[0]["payment_hash"])
    assert [_sale(history, row) for row in range(history.model.rowCount())] == [first]

    page.list.chosen.emit(first)
    await till.hear(StoryLoaded, lambda fact: fact.payment_id == first.payment_id)
    shown = [label.text() for label in page.story.findChildren(QLabel)]
    assert "Customer paid" in shown
    assert "All passed on" in shown
    page.story.back.click()
    await _sees_tips(control, till)
    return 0


async def _scroll_to_the_end(till: Beside, page: HistoryPage, history: History) -> None:
    bar = page.list.verticalScrollBar()

    def is_at_the_end() -> bool:
        bar.setValue(bar.maximum())
        return not history.view.is_loading and history.model.next_page is None

    await till.see(is_at_the_end)
    assert history.model.rowCount() == PAST
    places = [_sale(history, row).place for row in range(PAST)]
    moments = [(place.made_us, place.payment_id) for place in places]
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) == PAST


async def _seek(till: Beside, page: HistoryPage, history: History, text: str) -> None:
    page.line.textEdited.emit(text)
    await till.see(lambda: not history.view.is_loading and not history._typed.isActive())
    assert history.view.text == text


def _sale(history: History, row: int) -> PastSale:
    sale = history.model.sale(row)
    assert sale is not None
    return sale


def _database() -> str:
    url = settings.load().database_url
    assert url is not None
    return url.reveal()


async def _sees_tips(control: ControlClient, till: Beside) -> None:
    """A sale's tip is in the sum as soon as it is paid, while somebody looks."""
    till.window.till_tab.click()
    keys, amount = till.keypad.keypad.keys, till.keypad.amount
    # The keypad that comes back lets hastier fingers wait, on purpose.
    await till.touch(keys[Key.D2], lambda: amount.text() == "2 sats")
    keys[Key.D1].strike()
    await till.enter_until(Screen.TIP)
    tip = till.window.page(Screen.TIP)
    assert isinstance(tip, TipPage)
    await till.touch(tip.presets.choices[0], lambda: not till.shows(Screen.TIP))
    request = (await till.hear(InvoiceReady)).payment.invoice
    assert request is not None
    await till.cancel()
    till.window.tips_tab.click()
    page = till.window.stack.currentWidget()
    assert isinstance(page, TipsPage)
    page.periods[Period.ALL].click()
    before = (await till.hear(TipsLoaded, lambda fact: fact.scope is Period.ALL)).report
    assert before.count > PAST / 2
    assert sum(bar.sats for bar in before.bars) == before.sats
    # It was given up, and the customer pays all the same.
    await asyncio.to_thread(control.pay, request.payment_request, from_username="visitor")
    await till.hear(
        TipsLoaded,
        lambda fact: fact.report.sats == before.sats + 2 and fact.report.rows[-1].settled_sats == 2,
    )
    await till.see(lambda: page.sum.amount.text() == sats_text(before.sats + 2))


async def waits_for_history(_: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """A database that hangs: the tab says so in words, and a tap tries again."""
    till = Beside(window, bridge)
    await till.ready()
    with frozen(Path(os.environ["BLINKPOS_SERVER_FOLDER"])):
        window.history_tab.click()
        page = window.stack.currentWidget()
        assert isinstance(page, HistoryPage)
        assert not page.retry.isVisible()
        await till.see(page.retry.isVisible)
        assert page._words.text() in {connections.AWAY, silence()}
        # Tried again too early it waits again, and nothing else stands still.
        page.retry.click()
        assert not page.retry.isVisible()
        window.till_tab.click()
        await till.touch(
            till.keypad.keypad.keys[Key.D2], lambda: till.keypad.amount.text() == "2 sats"
        )
        window.history_tab.click()
        await till.see(page.retry.isVisible)
    history = window.findChild(History)
    assert history is not None
    await till.see(lambda: _is_there(page, history))
    return 0


def _is_there(page: HistoryPage, history: History) -> bool:
    """Whether the sales are there; tries again while they are not."""
    if page.retry.isVisible():
        page.retry.click()
    return history.model.rowCount() == PAST_HUNG
