"""Pictures of every state at four sizes, dark and light: `python -m tests.ui.screens`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blinkpos_desktop.domain import cart as carts
from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import Allowance
from blinkpos_desktop.domain.cart import Cart, Discount
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    AnnouncementsChanged,
    AttentionChanged,
    ChargeFailed,
    CheckFailed,
    ChoiceFailed,
    Health,
    HealthExamined,
    InvoiceChecked,
    InvoiceReady,
    ItemEditFailed,
    ItemsChanged,
    LastSaleFailed,
    LastSaleLoaded,
    Part,
    PartChanged,
    PaymentClosed,
    PaymentPaid,
    PriceChanged,
    SaleLeftOpen,
    SalesFailed,
    SalesFound,
    SightChanged,
    StoryFailed,
    StoryLoaded,
    TipsFailed,
    TipsLoaded,
    TransferChanged,
    UnassignedIncome,
)
from blinkpos_desktop.domain.history import Days, Page, PastSale, Step
from blinkpos_desktop.domain.item import Item, Tint
from blinkpos_desktop.domain.judging import judge
from blinkpos_desktop.domain.measures import (
    BlinkMeasure,
    DatabaseMeasure,
    DatabaseState,
    KeyMeasure,
    KeyState,
    LedgerMeasure,
    LogMeasure,
    Measures,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.money import SATS, Currency, Money, Price
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.domain.sale import sale_of as sale_of_cart
from blinkpos_desktop.domain.story import Story, StoryEvent
from blinkpos_desktop.domain.tips import Period, Scope, TipBar, TipsReport, TipSummary
from blinkpos_desktop.domain.transfer import TransferState
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.success_page import SuccessPage
from blinkpos_desktop.ui.viewmodels.attention import Attention
from blinkpos_desktop.ui.viewmodels.history import History
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel
from blinkpos_desktop.ui.viewmodels.shelf import Shelf
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.tips import Tips
from blinkpos_desktop.ui.viewmodels.view import Screen
from tests.support.measures import a_well_till
from tests.ui import selling_screens
from tests.ui.fakes import (
    PRESETS,
    USD,
    FakeBridge,
    all_is_well,
    announcement_of,
    payment_for,
    sale_of,
    shop,
    surplus_of,
    transfers_of,
    waiting,
)

SIZES: Final = (QSize(800, 480), QSize(1024, 768), QSize(1920, 1080), QSize(600, 1024))
FOLDER: Final = Path("build/screens/ui")


class Stage:
    """A till on a stage: one window, faked facts, and the state asked for."""

    def __init__(
        self, *, currency: Currency = SATS, network: str = "mainnet", dark: bool = True
    ) -> None:
        from blinkpos_desktop.ui.assembly import build

        self.bridge = FakeBridge()
        self.window: MainWindow = build(
            self.bridge, presets=PRESETS, currency=currency, dark=dark, sound=False
        )
        till = self.window.findChild(Till)
        assert till is not None
        tips, history = self.window.findChild(Tips), self.window.findChild(History)
        assert tips is not None
        assert history is not None
        self.till, self.tips, self.history = till, tips, history
        self.till._guard_seconds = 0.0
        shelf = self.window.findChild(Shelf)
        last_sale = self.window.findChild(LastSaleModel)
        assert shelf is not None
        assert last_sale is not None
        self.shelf, self.last_sale = shelf, last_sale
        self.network = network
        self.currency = currency
        self.answers: list[object] = []
        """Facts that come once the window is on the screen."""
        self.later: list[Callable[[], None]] = []
        """What is done then."""

    def ready(self) -> Stage:
        self.tell(*all_is_well(), shop(network=self.network, currency=self.currency))
        if not self.currency.is_sats:
            price = Price(currency=self.currency, base=116_000_000_000, offset=12, as_of=0)
            self.tell(PriceChanged(price=price))
        return self

    def is_on(self, screen: Screen) -> bool:
        return self.till.view.screen is screen

    def tell(self, *facts: object) -> None:
        for fact in facts:
            self.bridge.fact.emit(fact)

    def type(self, text: str) -> Stage:
        for letter in text:
            self.till.press(Key(letter))
        return self

    def invoice(self) -> Payment:
        """Go on from the typed amount to the QR code, with the first preset."""
        self.till.ok()
        if self.till.view.screen is Screen.TIP:
            self.till.choose_tip(PRESETS[0])
        payment = payment_for(self.bridge.charges[-1])
        assert payment.invoice is not None
        invoice = replace(payment.invoice, expires_at=int(time.time()) + 872)
        payment = replace(payment, invoice=invoice)
        self.tell(InvoiceReady(payment=payment))
        return payment

    def paid(self) -> Payment:
        payment = replace(self.invoice(), state=PaymentState.PAID, paid_at=int(time.time()))
        self.tell(PaymentPaid(payment=payment))
        page = self.window.page(Screen.SUCCESS)
        assert isinstance(page, SuccessPage)
        page.check.finish()
        return payment


def empty() -> Stage:
    return Stage().ready()


def starting() -> Stage:
    return Stage(network="regtest").type("21")


def typing() -> Stage:
    return Stage(currency=USD).ready().type("1250")


def items() -> Stage:
    return Stage(currency=USD, network="regtest").ready().type("3.50+2.00+12.7")


def many_digits() -> Stage:
    return Stage().ready().type("98765432101234+9")


def full() -> Stage:
    return Stage(currency=USD).ready().type("987654321012.34")


def offline() -> Stage:
    stage = Stage().ready().type("2100")
    sentence = "Blink cannot be reached. Check the internet connection."
    stage.tell(PartChanged(part=Part.BLINK, health=Health.AWAY, sentence=sentence))
    return stage


def error() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.till.ok()
    stage.till.choose_tip(Fraction(0))
    stage.tell(ChargeFailed(sentence="Blink did not answer in time. Press OK to try again."))
    return stage


def expired() -> Stage:
    stage = Stage().ready().type("21")
    payment = stage.invoice()
    stage.tell(PaymentClosed(payment=replace(payment, state=PaymentState.EXPIRED)))
    return stage


def notices() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    now = int(time.time())
    for number, closed in ((7, False), (8, False), (9, True)):
        sale = sale_of(1000 * number)
        paid = payment_for(sale, number=number, paid_at=now, was_closed=closed, till="bar")
        stage.tell(PaymentPaid(payment=paid))
    return stage


def notices_many() -> Stage:
    """More than fit: the newest first, and a count of the rest."""
    stage = Stage(currency=USD).ready().type("12.50")
    now = int(time.time())
    items = []
    for number in range(12):
        till = "counter" if number % 2 else "the bar beside the swimming pool"
        paid = payment_for(sale_of(125_000, currency=USD), number=number, till=till)
        at = now - 50_000 * (number + 2)
        items.append(announcement_of(paid, was_closed=number % 3 == 0, at=at))
    stage.tell(AnnouncementsChanged(items=tuple(items)))
    stage.tell(PaymentPaid(payment=payment_for(sale_of(), number=99, paid_at=now, till="bar")))
    return stage


def notices_busy() -> Stage:
    """One is being written down as seen; beside it what nobody here asked for."""
    stage = Stage(network="regtest").ready().type("21")
    now = int(time.time())
    amount = Money(minor=70_000, currency=SATS)
    stage.tell(UnassignedIncome(id="ab" * 32, amount=amount, at=now))
    stage.tell(AnnouncementsChanged(items=(announcement_of(payment_for(sale_of(1000)), at=now),)))
    stage.till.acknowledge(stage.till.view.notices[0])
    return stage


def notices_unassigned() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    now = int(time.time())
    for number, amount in enumerate(
        (Money(minor=1_234_567, currency=SATS), Money(minor=350, currency=USD), None)
    ):
        stage.tell(UnassignedIncome(id=f"{number}", amount=amount, at=now))
    return stage


def tip() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.till.ok()
    return stage


def tip_fiat() -> Stage:
    stage = Stage(currency=USD).ready().type("12.50")
    stage.till.ok()
    return stage


def tip_custom() -> Stage:
    stage = tip_fiat()
    stage.till.open_custom()
    return stage.type("7.5")


def making() -> Stage:
    stage = tip()
    stage.till.choose_tip(PRESETS[0])
    return stage


def invoice() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.invoice()
    return stage


def invoice_fiat() -> Stage:
    stage = Stage(currency=USD).ready().type("1250.00")
    stage.invoice()
    return stage


def invoice_unpaid() -> Stage:
    stage = invoice_fiat()
    stage.till.check_now()
    stage.tell(InvoiceChecked(payment_id=5_000_000_001))
    return stage


def invoice_checking() -> Stage:
    stage = invoice()
    stage.till.check_now()
    return stage


def invoice_unseen() -> Stage:
    stage = Stage(currency=USD, network="regtest").ready().type("1250.00")
    stage.invoice()
    stage.tell(SightChanged(can_see=False))
    stage.till.check_now()
    sentence = "Blink doesn't answer: check again in a moment."
    stage.tell(CheckFailed(payment_id=5_000_000_001, sentence=sentence))
    return stage


def unseen() -> Stage:
    stage = Stage(network="regtest").ready().type("2100")
    stage.tell(SightChanged(can_see=False))
    return stage


def left_open() -> Stage:
    stage = Stage(currency=USD, network="regtest").ready()
    stage.tell(SaleLeftOpen(payment=payment_for(sale_of(125_000, currency=USD))))
    return stage


def left_open_more() -> Stage:
    stage = left_open().type("21")
    stage.tell(SaleLeftOpen(payment=payment_for(sale_of(300, currency=USD), number=2)))
    stage.till.take_up(stage.till.view.offers[0])
    stage.tell(SightChanged(can_see=False))
    now = int(time.time())
    for number, closed in ((7, False), (9, True)):
        paid = payment_for(
            sale_of(1000, currency=USD), number=number, paid_at=now, was_closed=closed
        )
        stage.tell(PaymentPaid(payment=paid))
    return stage


def left_open_paid() -> Stage:
    stage = left_open().type("21")
    now = int(time.time())
    paid = payment_for(
        sale_of(125_000, currency=USD),
        state=PaymentState.PAID,
        paid_at=now,
        received_sats=1_237_500,
    )
    stage.tell(PaymentPaid(payment=paid))
    return stage


def success() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    payment = stage.paid()
    settled, busy = transfers_of(21, 2, TransferState.SETTLED)
    moved = replace(payment, transfers=(settled, replace(busy, state=TransferState.SENDING)))
    for transfer in moved.transfers:
        stage.tell(
            TransferChanged(
                payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
            )
        )
    return stage


def success_trouble() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    payment = stage.paid()
    kept, stuck = transfers_of(21, 2)
    kept = replace(
        kept, state=TransferState.KEPT, reason="No merchant is set, so it stays where it is."
    )
    stuck = replace(
        stuck,
        state=TransferState.ATTENTION,
        reason="elturco has no bitcoin wallet at Blink: choose whom it goes to, or keep it.",
    )
    for transfer in (kept, stuck):
        stage.tell(
            TransferChanged(
                payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
            )
        )
    return stage


def success_fiat() -> Stage:
    stage = Stage(currency=USD).ready().type("12.50")
    stage.paid()
    return stage


def summary(name: str, count: int, settled: int, under_way: int = 0, stuck: int = 0) -> TipSummary:
    return TipSummary(
        recipient=name,
        count=count,
        sats=settled + under_way + stuck,
        settled_sats=settled,
        open_sats=under_way,
        attention_sats=stuck,
        kept_sats=0,
        last_at=0,
    )


def report_of(
    *rows: TipSummary, days: int, asked: int | None = None, step: Step = Step.DAY
) -> TipsReport:
    """A report with bars of some days each, the last of which are asked for."""
    today, width = stage_day(), {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 30}[step]
    whole, bars = sum(row.sats for row in rows), []
    shares = [(number * 37 + number * number * 11) % 29 for number in range(1, days + 1)]
    for number, share in enumerate(shares):
        last = today - timedelta(days=(days - 1 - number) * width)
        bars.append(
            TipBar(
                days=Days(first=last - timedelta(days=width - 1), last=last),
                sats=whole * share // max(1, sum(shares)),
                count=share,
                is_asked=number >= days - (asked or days),
            )
        )
    return TipsReport(rows=rows, bars=tuple(bars), step=step)


ANA: Final = summary("ana_from_the_kitchen", 17, 9_800, stuck=350)


def tips_of(scope: Scope, report: TipsReport) -> Stage:
    stage = Stage(network="regtest").ready()
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    stage.window.open_tips()
    stage.tips.choose(scope)
    stage.answers.append(TipsLoaded(scope=scope, report=report))
    return stage


def tips() -> Stage:
    rows = summary("elturco", 42, 21_000, 2), ANA, summary("ben", 1, 21)
    return tips_of(Period.TODAY, report_of(*rows, days=7, asked=1))


def tips_month() -> Stage:
    rows = [summary(f"waiter_{number}", 9 - number, 2_100 * number) for number in range(8, 0, -1)]
    report = report_of(ANA, *rows, days=30)
    stage = tips_of(Period.MONTH, report)
    stage.later.append(lambda: stage.tips.tap_bar(report.bars[19]))
    return stage


def tips_all() -> Stage:
    rows = summary("elturco", 104_211, 1_234_567_890), summary("ana", 1_000, 21_000_000, 1)
    return tips_of(Period.ALL, report_of(*rows, days=31, step=Step.MONTH))


def tips_range() -> Stage:
    today = stage_day()
    days = Days(first=today - timedelta(days=400), last=today - timedelta(days=30))
    return tips_of(days, report_of(ANA, days=53, step=Step.WEEK))


def tips_days() -> Stage:
    stage = tips()
    first, last = (stage_day() - timedelta(days=back) for back in (9, 2))
    stage.later += [
        stage.tips.open_days,
        lambda: stage.tips.tap_day(last),
        lambda: stage.tips.tap_day(first),
    ]
    return stage


def tips_loading() -> Stage:
    stage = Stage(network="regtest").ready()
    stage.window.open_tips()
    return stage


def tips_empty() -> Stage:
    return tips_of(Period.WEEK, TipsReport(rows=()))


def tips_failed() -> Stage:
    stage = tips_loading()
    stage.answers.append(TipsFailed(scope=Period.TODAY, sentence="The database cannot be reached."))
    return stage


def stage_day() -> date:
    return datetime.now().astimezone().date()


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


def attention_badge() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    return stage


def attention() -> Stage:
    stage = attention_badge()
    stage.window.open_attention()
    return stage


def attention_waiting() -> Stage:
    stage = Stage().ready()
    choice = Choice(remedy=Remedy.SEND, recipient="ana_from_the_kitchen")
    items = (
        waiting(1, choice=choice, choice_by="somebody at the till"),
        waiting(2, paid_retired="ab" * 32),
    )
    stage.tell(AttentionChanged(items=items))
    stage.window.open_attention()
    return stage


def attention_asking() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1),)))
    stage.window.open_attention()
    model = stage.window.findChild(Attention)
    assert model is not None
    model.choose(1, Remedy.SEND)
    model.type_name("ana")
    return stage


def attention_failed() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1),)))
    stage.window.open_attention()
    stage.tell(ChoiceFailed(transfer_id=1, sentence="Blink knows nobody named ana_from."))
    return stage


def attention_foreign() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1, is_foreign=True),)))
    stage.window.open_attention()
    return stage


def attention_surplus() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1),), surpluses=(surplus_of(2),)))
    stage.window.open_attention()
    model = stage.window.findChild(Attention)
    assert model is not None
    model.choose(surplus_of(2).payment_id, Remedy.SEEN)
    return stage


def health_looking() -> Stage:
    stage = Stage().ready()
    stage.window.toggle_health()
    return stage


def health_of(measures: Measures) -> Stage:
    stage = Stage(network="regtest").ready()
    stage.window.toggle_health()
    stage.answers.append(HealthExamined(verdicts=judge(measures)))
    return stage


def health() -> Stage:
    return health_of(a_well_till())


def health_trouble() -> Stage:
    measures = a_well_till()
    assert measures.blink is not None
    assert measures.database is not None
    blink = replace(
        measures.blink,
        skew=-42.0,
        allowance=Allowance(remaining_cents=0, total_cents=200_000, seconds=86_400),
    )
    ledger = LedgerMeasure(
        unfinished=3, oldest_unfinished=7_300.0, is_held=False, attention=2, last_backup=200_000.0
    )
    sentence = "Blink's updates are cut off: reconnecting."
    return health_of(
        replace(
            measures,
            blink=blink,
            updates=UpdatesMeasure(health=Health.AWAY, sentence=sentence),
            database=replace(measures.database, ledger=ledger),
            redis=RedisMeasure(health=Health.AWAY),
        )
    )


def health_away() -> Stage:
    sentence = (
        "It can't be reached: connection failed: connection to server at "
        '"database.example", port 5432 failed: Connection refused'
    )
    return health_of(
        Measures(
            blink=BlinkMeasure(
                is_there=False,
                sentence="Blink can't be reached: check the internet connection.",
                key=KeyMeasure(state=KeyState.UNKNOWN, source="the system's keychain"),
            ),
            updates=UpdatesMeasure(health=Health.STARTING),
            database=DatabaseMeasure(
                state=DatabaseState.AWAY, is_embedded=False, sentence=sentence
            ),
            redis=RedisMeasure(health=Health.STARTING),
            log=LogMeasure(
                path="/home/cafe/.local/state/blinkpos/log/blinkpos.log", is_written=False
            ),
        )
    )


def shelf_of(currency: Currency = USD) -> tuple[Item, ...]:
    """A café's buttons."""
    coffee, food, other = "Coffee & tea", "Sandwiches", "Beans"
    rows = (
        ("Espresso", 250, Tint.ORANGE, coffee),
        ("Flat white", 380, Tint.ORANGE, coffee),
        ("Cappuccino", 360, Tint.ORANGE, coffee),
        ("Filter coffee of the day", 320, Tint.ORANGE, coffee),
        ("Green tea", 300, Tint.GREEN, coffee),
        ("Croissant", 280, Tint.YELLOW, food),
        ("Cheese sandwich with tomatoes", 650, Tint.YELLOW, food),
        ("Avocado toast", 890, Tint.TEAL, food),
        ("Carrot cake", 450, Tint.RED, food),
        ("House blend 250 g", 1_250, Tint.BLUE, other),
        ("Decaf 250 g", 1_350, Tint.VIOLET, other),
        ("Gift card", 2_500, Tint.PLAIN, ""),
    )
    return tuple(
        Item(
            id=number,
            version=1,
            name=name,
            price=Money(minor=price, currency=currency),
            tint=tint,
            category=category,
            code=f"40063813339{number:02}",
            is_sold_out=name == "Carrot cake",
        )
        for number, (name, price, tint, category) in enumerate(rows, start=1)
    )


def items_page(*, network: str = "mainnet") -> Stage:
    stage = Stage(currency=USD, network=network).ready()
    stage.tell(ItemsChanged(items=shelf_of()))
    stage.window.open_items()
    return stage


def items_empty() -> Stage:
    stage = Stage(currency=USD).ready()
    stage.window.open_items()
    return stage


def items_cart() -> Stage:
    stage = items_page()
    for at in (0, 0, 5, 2, 9, 1):
        stage.till.add(shelf_of()[at])
    return stage


def items_sold_out() -> Stage:
    stage = items_page(network="regtest")
    stage.till.add(shelf_of()[8])
    stage.shelf.choose("Sandwiches")
    return stage


def items_arranging() -> Stage:
    stage = items_page()
    stage.shelf.arrange(is_on=True)
    return stage


def items_many() -> Stage:
    """More items than fit, and more categories."""
    stage = Stage(currency=USD, network="regtest").ready()
    items = tuple(
        replace(each, id=100 * turn + each.id, category=f"{each.category} {turn}")
        for turn in range(4)
        for each in shelf_of()
    )
    stage.tell(ItemsChanged(items=items))
    stage.window.open_items()
    for item in items[:30]:
        stage.till.add(item)
    return stage


def items_on_the_keypad() -> Stage:
    stage = items_page()
    for at in (0, 0, 5):
        stage.till.add(shelf_of()[at])
    stage.window.open_till()
    return stage.type("3.5")


def items_scanned() -> Stage:
    stage = items_page()
    stage.window.open_till()
    stage.till.add(shelf_of()[9])
    return stage


def items_editor() -> Stage:
    stage = items_page(network="regtest")
    stage.shelf.edit(shelf_of()[3])
    return stage


def items_editor_new() -> Stage:
    stage = items_page()
    stage.shelf.new()
    stage.shelf.write(name="Lemonade", price="3.5")
    stage.shelf.choose_tint(Tint.YELLOW)
    stage.shelf.save()
    stage.tell(ItemEditFailed(sentence="The database can't be reached: try again."))
    return stage


def items_editor_removing() -> Stage:
    stage = items_editor()
    stage.shelf.mark_sold_out(is_sold_out=True)
    stage.shelf.remove()
    return stage


def cart() -> Stage:
    stage = items_cart()
    stage.till.open_cart()
    return stage


def cart_discounts() -> Stage:
    stage = items_on_the_keypad()
    stage.till.open_cart()
    stage.till.set_quantity(0, 123)
    stage.till.open_discount(1)
    stage.type("12.5")
    stage.till.use_discount()
    stage.till.open_discount(None)
    stage.till.choose_kind(is_percent=False)
    stage.type("25")
    stage.till.use_discount()
    stage.till.open_note()
    stage.till.type_note("Table 4, for the birthday of Ana's grandmother, with two candles")
    stage.till.keep_note()
    return stage


def cart_free() -> Stage:
    stage = Stage(currency=USD, network="regtest").ready().type("3.50")
    stage.till.open_cart()
    stage.till.open_discount(0)
    stage.type("100")
    stage.till.use_discount()
    return stage


def cart_many() -> Stage:
    stage = items_many()
    stage.till.open_cart()
    return stage


def cart_discount() -> Stage:
    stage = cart()
    stage.till.open_discount(3)
    return stage.type("15")


def cart_discount_fixed() -> Stage:
    stage = cart_discounts()
    stage.till.open_discount(None)
    stage.till.choose_kind(is_percent=False)
    return stage.type("2.50")


def cart_note() -> Stage:
    stage = cart()
    stage.till.open_note()
    stage.till.type_note("Table 4")
    return stage


def last_sale(state: PaymentState = PaymentState.COMPLETED) -> Stage:
    stage = items_page()
    stage.window.open_till()
    stage.last_sale.open()
    sold = Cart(currency=USD)
    for at in (0, 0, 5, 9):
        sold = carts.put(sold, shelf_of()[at])
    sold = carts.with_note(carts.discount_sum(sold, Discount(percent=Fraction(10))), "Table 4")
    sale = sale_of_cart(sold, percent=Fraction(10), recipients=shop().tip_recipients)
    is_paid = state is PaymentState.COMPLETED
    payment = payment_for(sale, state=state, paid_at=int(time.time()) if is_paid else None)
    parts = transfers_of(
        payment.total_sats - payment.tip_sats, payment.tip_sats, TransferState.SETTLED
    )
    payment = replace(payment, transfers=parts if is_paid else payment.transfers)
    stage.answers.append(LastSaleLoaded(sale=LastSale(payment=payment, cart=sold)))
    return stage


def last_sale_cancelled() -> Stage:
    return last_sale(PaymentState.CANCELLED)


def last_sale_none() -> Stage:
    stage = Stage(network="regtest").ready()
    stage.last_sale.open()
    stage.answers.append(LastSaleLoaded(sale=None))
    return stage


def last_sale_failed() -> Stage:
    stage = Stage().ready()
    stage.last_sale.open()
    stage.answers.append(LastSaleFailed(sentence="The database cannot be reached."))
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    empty,
    starting,
    typing,
    items,
    items_page,
    items_empty,
    items_cart,
    items_sold_out,
    items_arranging,
    items_many,
    items_on_the_keypad,
    items_scanned,
    items_editor,
    items_editor_new,
    items_editor_removing,
    cart,
    cart_discounts,
    cart_free,
    cart_many,
    cart_discount,
    cart_discount_fixed,
    cart_note,
    last_sale,
    last_sale_cancelled,
    last_sale_none,
    last_sale_failed,
    many_digits,
    full,
    offline,
    error,
    expired,
    notices,
    notices_many,
    notices_busy,
    notices_unassigned,
    tip,
    tip_fiat,
    tip_custom,
    making,
    invoice,
    invoice_fiat,
    invoice_unpaid,
    invoice_checking,
    invoice_unseen,
    unseen,
    left_open,
    left_open_more,
    left_open_paid,
    success,
    success_trouble,
    success_fiat,
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
    tips,
    tips_month,
    tips_all,
    tips_range,
    tips_days,
    tips_loading,
    tips_empty,
    tips_failed,
    attention_badge,
    attention,
    attention_waiting,
    attention_asking,
    attention_failed,
    attention_foreign,
    attention_surplus,
    health_looking,
    health,
    health_trouble,
    health_away,
)


def on_stage(make: Callable[[], Stage], size: QSize, *, dark: bool = True) -> Stage:
    """Return a state in a window of a size, painted."""
    stage = make()
    if not dark:
        stage.window._toggle_theme()
    stage.window.resize(size)
    stage.window.show()
    QTest.qWait(20)
    stage.tell(*stage.answers)
    for act in stage.later:
        act()
    QTest.qWait(5)
    for _ in range(3):
        # A page of many cards is laid out in several turns.
        QApplication.processEvents()
    return stage


def every() -> Iterator[tuple[str, Callable[[], Stage]]]:
    for make in (*STATES, *selling_screens.STATES):
        yield make.__name__, make


def main() -> int:
    """Save all pictures, and tell where."""
    app = QApplication(sys.argv[:1])
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[1:])
    for name, make in every():
        if wanted and name not in wanted:
            continue
        for size in SIZES:
            for dark in (True, False):
                stage = on_stage(make, size, dark=dark)
                theme = "dark" if dark else "light"
                path = FOLDER / f"{name}-{size.width()}x{size.height()}-{theme}.png"
                stage.window.grab().save(str(path))
                stage.window.close()
                stage.window.deleteLater()
                app.processEvents()
    sys.stdout.write(f"{FOLDER}\n")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())
