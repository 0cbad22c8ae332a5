"""The History tab, and a sale's story."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    SalesFailed,
    SalesFound,
    StoryFailed,
    StoryLoaded,
)
from blinkpos_desktop.domain.history import Days, Page, PastSale
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.story import Story, StoryEvent
from blinkpos_desktop.domain.transfer import TransferState
from tests.ui.fakes import (
    USD,
    payment_for,
    sale_of,
    transfers_of,
    waiting,
)
from tests.ui.screens.stage import Stage
from tests.ui.screens.tips import stage_day


def past_sales(currency: Currency = USD) -> tuple[PastSale, ...]:
    """Some sales of today and yesterday."""
    rows = (
        (1_250, 125, "Table 4", PaymentState.PAID, False),
        (380, 0, "", PaymentState.AWAITING, False),
        (12_500, 1_250, "Birthday of Ana's grandmother, two candles", PaymentState.PAID, True),
        (650, 65, "", PaymentState.COMPLETED, False),
        (99_999, 0, "House blend for the hotel", PaymentState.COMPLETED, False),
        (250, 0, "", PaymentState.CANCELLED, False),
        (480, 48, "Table 17", PaymentState.EXPIRED, False),
        (1_000, 100, "", PaymentState.COMPLETED, False),
    )
    now = int(time.time())
    times = 1 if currency.is_sats else 9
    return tuple(
        PastSale(
            payment_id=5_000_000_000 + number,
            state=state,
            till="counter",
            base=Money(minor=base, currency=currency),
            tip=Money(minor=tip, currency=currency),
            total_sats=(base + tip) * times,
            tip_sats=tip * times,
            received_sats=None,
            note=note,
            payment_hash=f"{number:064x}",
            made_us=(now - number * number * 3_700) * 1_000_000,
            paid_at=None,
            was_closed=False,
            recipients=("elturco",) if tip else (),
            needs_attention=is_stuck,
        )
        for number, (base, tip, note, state, is_stuck) in enumerate(rows)
    )


def history_loading(currency: Currency = USD) -> Stage:
    stage = Stage(currency=currency, network="regtest").ready()
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    stage.window.open_history()
    return stage


def found(stage: Stage, *sales: PastSale) -> None:
    """Answer the last question for sales."""
    ticket = stage.bridge.searches[-1][0]
    stage.tell(SalesFound(ticket=ticket, page=Page(sales=sales, end=None)))


def failed(stage: Stage, sentence: str = "The database can't be reached.") -> None:
    stage.tell(SalesFailed(ticket=stage.bridge.searches[-1][0], sentence=sentence))


def history_of(sales: tuple[PastSale, ...], currency: Currency = USD) -> Stage:
    stage = history_loading(currency)
    stage.later.append(lambda: found(stage, *sales))
    return stage


def history() -> Stage:
    return history_of(past_sales())


def history_sats() -> Stage:
    sales = past_sales(SATS)
    big = replace(sales[4], base=Money(minor=1_234_567_890, currency=SATS))
    return history_of((*sales[:2], replace(big, total_sats=1_234_567_890), *sales[3:]), SATS)


def history_empty() -> Stage:
    return history_of(())


def history_sought(text: str, *sales: PastSale) -> Stage:
    stage = history()

    def seek() -> None:
        stage.history.type(text)
        stage.history._find()
        found(stage, *sales)

    stage.later.append(seek)
    return stage


def history_found() -> Stage:
    stage = history_sought("13,75", past_sales()[0])
    days = Days(first=stage_day() - timedelta(days=9), last=stage_day())
    stage.later.insert(1, lambda: stage.history.choose_days(days))
    return stage


def history_nothing() -> Stage:
    return history_sought("yesterday's soup")


def history_failed() -> Stage:
    stage = history_loading()
    stage.later.append(lambda: failed(stage))
    return stage


def history_more_failed() -> Stage:
    stage = history()
    stage.later += [lambda: stage.history._ask(0), stage.history._give_up]
    return stage


def history_days() -> Stage:
    stage = history()
    stage.later.append(stage.history.open_days)
    return stage


def story() -> Stage:
    stage = history()
    sale = past_sales()[2]
    base, stuck = transfers_of(112_500, 11_250)
    cafe = replace(base, state=TransferState.SETTLED)
    why = "Blink knows nobody named elturco."
    stuck = replace(stuck, state=TransferState.ATTENTION, reason=why)
    payment = payment_for(
        sale_of(12_500, currency=USD),
        number=2,
        state=PaymentState.PAID,
        created_at=sale.made_at,
        paid_at=sale.made_at + 9,
        received_sats=123_750,
        transfers=(cafe, stuck),
    )
    steps = (
        (0.0, None, "intended", "", ""),
        (0.4, None, "invoice_attached", "", ""),
        (0.9, 1, "invoice_stored", "", ""),
        (1.1, 2, "invoice_refused", why, ""),
        (9.2, None, "paid", "Blink says it is paid", ""),
        (9.3, 1, "send_started", "", ""),
        (9.9, 1, "send_succeeded", "", ""),
        (90_000.0, 2, "gave_up", why, "somebody at the till"),
    )
    events = tuple(
        StoryEvent(
            at=sale.made_at + after,
            transfer_id=transfer,
            event=event,
            state_before=None,
            state_after="",
            reason=reason,
            error="",
            till="counter",
            process="",
            who=who,
        )
        for after, transfer, event, reason, who in steps
    )
    told = StoryLoaded(
        payment_id=sale.payment_id, story=Story(payment=payment, invoices=(), events=events)
    )
    stage.later += [lambda: stage.history.open_story(sale), lambda: stage.tell(told)]
    return stage


def story_loading() -> Stage:
    stage = history()
    stage.later.append(lambda: stage.history.open_story(past_sales()[3]))
    return stage


def story_failed() -> Stage:
    stage = story_loading()
    number, sentence = past_sales()[3].payment_id, "The database can't be reached."
    fact = StoryFailed(payment_id=number, sentence=sentence)
    stage.later.append(lambda: stage.tell(fact))
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    history,
    history_sats,
    history_loading,
    history_empty,
    history_found,
    history_nothing,
    history_failed,
    history_more_failed,
    history_days,
    story,
    story_loading,
    story_failed,
)
