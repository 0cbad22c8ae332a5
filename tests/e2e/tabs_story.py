"""The owner's tabs at the real till, over a ledger with a past."""

from __future__ import annotations

import asyncio

from PySide6.QtWidgets import QLabel

from blinkpos_desktop import settings
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    PaymentCompleted,
    SalesFound,
    StoryLoaded,
    TipsLoaded,
)
from blinkpos_desktop.domain.tips import Period
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.history_page import HistoryPage
from blinkpos_desktop.ui.pages.tips_page import TipsPage
from blinkpos_desktop.ui.viewmodels.history import History
from blinkpos_desktop.ui.viewmodels.view import Screen
from tests.e2e.beside import Beside
from tests.support import ledger

PAST = 1_000
"""How many sales were made before."""


async def looks_back(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Scrolls to the first sale of all, finds by words, price and hash, hears stories, sees tips."""
    till = Beside(window, bridge)
    await till.ready()
    history = window.findChild(History)
    assert history is not None
    window.history_tab.click()
    page = window.stack.currentWidget()
    assert isinstance(page, HistoryPage)
    await till.hear(SalesFound)
    await till.see(lambda: page.list.isVisible())
    await _scroll_to_the_end(till, page, history)

    await _seek(till, page, history, "ngozi")
    assert {
        "ngozi" in _sale(history, row).note.lower() for row in range(history.view.rows or 0)
    } == {True}
    # Typed on while the one before is still asked: the last one counts.
    page.line.textEdited.emit("table")
    history._find()
    await _seek(till, page, history, "table 17")
    assert {"table 17" in _sale(history, row).note for row in range(history.view.rows or 0)} == {
        True
    }
    assert not [name for name in _tasks() if name == "history"]

    found = _recipient_hash()
    await _seek(till, page, history, found["hash"])
    assert history.view.rows == 1
    sale = _sale(history, 0)
    assert sale.payment_id == found["payment_id"]
    page.list.chosen.emit(sale)
    await till.hear(StoryLoaded, lambda fact: fact.payment_id == sale.payment_id)
    shown = [label.text() for label in page.story.findChildren(QLabel)]
    assert "Customer paid" in shown
    assert "All passed on" in shown
    page.story.back.click()
    await _sees_tips(control, till, window)
    return 0


async def _scroll_to_the_end(till: Beside, page: HistoryPage, history: History) -> None:
    bar = page.list.verticalScrollBar()

    def is_at_the_end() -> bool:
        bar.setValue(bar.maximum())
        return not history.view.is_loading and history.model.next_page is None

    await till.see(is_at_the_end)
    assert history.model.rowCount() == PAST
    numbers = [_sale(history, row).payment_id for row in range(PAST)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == PAST


async def _seek(till: Beside, page: HistoryPage, history: History, text: str) -> None:
    page.line.textEdited.emit(text)
    await till.see(lambda: history._is_free and history.view.text == text)


async def _sees_tips(control: ControlClient, till: Beside, window: MainWindow) -> None:
    """A sale's tip is in the sum as soon as it is paid, while somebody looks."""
    window.till_tab.click()
    await till.see(lambda: till.shows(Screen.KEYPAD))
    sold = await till.sell(Key.D2, Key.D1)
    assert sold.payment.invoice is not None
    request = sold.payment.invoice.payment_request
    window.tips_tab.click()
    page = window.stack.currentWidget()
    assert isinstance(page, TipsPage)
    page.periods[Period.ALL].click()
    before = await till.hear(TipsLoaded, lambda fact: fact.scope is Period.ALL)
    assert before.report.count > PAST / 2
    assert sum(bar.sats for bar in before.report.bars) == before.report.sats
    await asyncio.to_thread(control.pay, request)
    await till.hear(PaymentCompleted)
    await till.hear(
        TipsLoaded,
        lambda fact: fact.scope is Period.ALL and fact.report.sats == before.report.sats,
    )
