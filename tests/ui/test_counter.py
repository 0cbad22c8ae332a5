"""The code on the screen is asked about, payments can't be seen, and a sale is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import (
    CheckFailed,
    InvoiceChecked,
    InvoiceReady,
    PaymentClosed,
    PaymentPaid,
    SaleLeftOpen,
    SightChanged,
    TakeUpFailed,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.ui.bridge import NOT_DONE, STARTING, Bridge, Services
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.view import NoticeKind, Screen, Sound
from tests.ui.fakes import NOON, USD, payment_for, sale_of, shop
from tests.ui.screens import Stage
from tests.ui.test_till import Counter, paid

LEFT = Qt.MouseButton.LeftButton
CANT_SEE = "I can't see payments now: check the internet connection."


class Desk(Counter):
    """A counter with what else it asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: list[int] = []
        self.taken: list[int] = []
        self.till.check_wanted.connect(self.checks.append)
        self.till.take_up_wanted.connect(self.taken.append)
        self.till.on_fact(shop())

    def offer(self, number: int = 1) -> Payment:
        payment = payment_for(sale_of(), number=number)
        self.till.on_fact(SaleLeftOpen(payment=payment))
        self.wait()
        return payment

    def offered(self) -> list[int]:
        return [int(each.payment.payment_hash, 16) for each in self.till.view.offers]

    def is_asking(self) -> bool:
        return self.till.view.check.is_asking

    def take_up(self) -> None:
        self.till.take_up(self.till.view.offers[0])


@pytest.fixture
def desk() -> Desk:
    return Desk()


# -- sight ------------------------------------------------------------------------------------


def test_ok_is_dead_while_payments_cannot_be_seen_and_lives_again_by_itself(desk: Desk) -> None:
    desk.type("21")
    desk.till.on_fact(SightChanged(can_see=False))
    assert (desk.till.view.blocked, desk.can_charge()) == (CANT_SEE, False)
    desk.till.ok()
    assert desk.is_on(Screen.KEYPAD)
    desk.till.on_fact(SightChanged(can_see=True))
    assert (desk.till.view.blocked, desk.can_charge()) == ("", True)


def test_what_is_worse_is_said_first() -> None:
    counter = Counter()
    counter.till.on_fact(SightChanged(can_see=False))
    assert counter.till.view.blocked == CANT_SEE
    counter.till.on_fact(shop(problem="The key lacks RECEIVE."))
    assert counter.till.view.blocked == "The key lacks RECEIVE."
    away = PartChanged(part=Part.POSTGRESQL, health=Health.AWAY, sentence="It sleeps.")
    counter.till.on_fact(away)
    assert counter.till.view.blocked == "It sleeps."


def test_the_code_stays_while_payments_cannot_be_seen(desk: Desk) -> None:
    payment = desk.to_invoice()
    desk.till.on_fact(SightChanged(can_see=False))
    assert desk.is_on(Screen.INVOICE)
    assert desk.till.view.unseen == CANT_SEE
    desk.till.on_fact(PaymentPaid(payment=paid(payment)))
    assert desk.is_on(Screen.SUCCESS)


# -- check now --------------------------------------------------------------------------------


def test_one_question_at_a_time_and_its_answer_is_shown(desk: Desk) -> None:
    desk.till.check_now()
    assert desk.checks == []
    payment = desk.to_invoice()
    for _ in range(20):
        desk.till.check_now()
    assert desk.checks == [payment.id]
    assert desk.is_asking()
    desk.till.on_fact(InvoiceChecked(payment_id=payment.id))
    check = desk.till.view.check
    assert (check.is_asking, check.answer, check.has_failed) == (False, "Not paid yet.", False)
    desk.till.check_now()
    assert desk.till.view.check.answer == ""
    desk.till.on_fact(CheckFailed(payment_id=payment.id, sentence="Blink doesn't answer: wait."))
    check = desk.till.view.check
    assert (check.answer, check.has_failed) == ("Blink doesn't answer: wait.", True)
    assert desk.checks == [payment.id] * 2


def test_an_answer_belongs_to_its_own_code(desk: Desk) -> None:
    first = desk.to_invoice(number=1)
    desk.till.check_now()
    desk.till.cancel()
    desk.till.on_fact(PaymentClosed(payment=replace(first, state=PaymentState.CANCELLED)))
    second = desk.to_invoice(number=2)
    assert not desk.is_asking()
    desk.till.check_now()
    desk.till.on_fact(InvoiceChecked(payment_id=first.id))
    assert desk.is_asking()
    desk.till.on_fact(PaymentPaid(payment=paid(second)))
    desk.till.on_fact(InvoiceChecked(payment_id=second.id))
    assert desk.is_on(Screen.SUCCESS)
    assert desk.till.view.check.answer == ""


# -- taking up again --------------------------------------------------------------------------


def test_an_offer_is_taken_up_once_and_green_belongs_to_it(desk: Desk) -> None:
    payment = desk.offer()
    assert desk.offered() == [1]
    desk.take_up()
    desk.take_up()
    assert desk.taken == [payment.id]
    assert desk.is_on(Screen.KEYPAD)
    desk.till.on_fact(InvoiceReady(payment=payment))
    assert desk.is_on(Screen.INVOICE)
    assert desk.till.view.payment == payment
    assert (desk.offered(), desk.cancelled) == ([], [])
    desk.till.on_fact(PaymentPaid(payment=paid(payment)))
    assert desk.is_on(Screen.SUCCESS)
    assert desk.till.view.notices == ()


def test_a_taken_up_sale_is_cancelled_or_expires_as_any_other(desk: Desk) -> None:
    payment = desk.offer()
    desk.take_up()
    desk.till.on_fact(InvoiceReady(payment=payment))
    closed = replace(payment, state=PaymentState.EXPIRED)
    desk.till.on_fact(PaymentClosed(payment=closed))
    assert desk.till.view.error == "This code has expired. Press OK for a new one."
    # OK would sell that sale anew.
    assert desk.till.view.entry.total == payment.base
    again = desk.offer(2)
    desk.till.press(Key.CLEAR)
    desk.take_up()
    desk.till.on_fact(InvoiceReady(payment=again))
    desk.wait()
    desk.till.cancel()
    assert desk.cancelled == [again.id]


def test_what_is_typed_or_in_the_cart_is_not_lost_to_an_offer(desk: Desk) -> None:
    desk.till.press(Key.D5)
    payment = desk.offer()
    desk.take_up()
    assert desk.taken == []
    assert desk.till.view.error == "Finish or clear what is typed first."
    desk.till.press(Key.CLEAR)
    desk.take_up()
    assert (desk.taken, desk.till.view.error) == ([payment.id], "")
    # Typed while its code was on the way: it is offered again.
    desk.till.press(Key.D5)
    desk.till.on_fact(InvoiceReady(payment=payment))
    assert desk.is_on(Screen.KEYPAD)
    assert (desk.offered(), desk.till.view.entry.total.minor) == ([1], 5)
    assert not desk.till.view.offers[0].is_opening


def test_in_another_currency_nothing_is_typed_for_it(desk: Desk) -> None:
    payment = payment_for(sale_of(1250, currency=USD))
    desk.till.on_fact(SaleLeftOpen(payment=payment))
    desk.wait()
    desk.take_up()
    desk.till.on_fact(InvoiceReady(payment=payment))
    assert desk.till.view.entry.total.minor == 0


def test_an_ignored_offer_blocks_nothing_and_stays(desk: Desk) -> None:
    desk.offer(7)
    desk.to_success(number=2)
    desk.wait()
    desk.till.dismiss_success()
    assert desk.is_on(Screen.KEYPAD)
    assert desk.offered() == [7]


def test_a_code_that_comes_while_something_else_is_begun_is_not_cancelled(desk: Desk) -> None:
    payment = desk.offer(7)
    desk.take_up()
    desk.type("21")
    desk.till.ok()
    desk.till.on_fact(InvoiceReady(payment=payment))
    assert desk.is_on(Screen.TIP)
    assert (desk.offered(), desk.cancelled) == ([7], [])
    desk.wait()
    desk.till.back()
    desk.till.press(Key.CLEAR)
    desk.wait()
    desk.take_up()
    assert desk.taken == [payment.id] * 2


def test_an_offer_can_be_cancelled_and_a_double_tap_does_not_cancel_the_next(desk: Desk) -> None:
    first, second = desk.offer(1), desk.offer(2)
    desk.till.cancel_offer(desk.till.view.offers[0])
    desk.till.cancel_offer(desk.till.view.offers[0])
    assert (desk.cancelled, desk.offered()) == ([first.id], [2])
    desk.wait()
    desk.till.cancel_offer(desk.till.view.offers[0])
    assert desk.cancelled == [first.id, second.id]
    # Its customer was faster.
    desk.till.on_fact(PaymentPaid(payment=paid(first)))
    assert desk.till.view.notices[0].kind is NoticeKind.GIVEN_UP


@pytest.mark.parametrize("known", [True, False])
def test_money_for_an_offer_is_told_until_it_was_seen_and_never_green(
    desk: Desk, *, known: bool
) -> None:
    payment = payment_for(sale_of())
    if known:
        desk.offer()
        desk.take_up()
        desk.till.on_fact(PaymentPaid(payment=paid(payment)))
    else:
        # It is found as any money is, before it is known whose it was.
        desk.till.on_fact(PaymentPaid(payment=paid(payment)))
        assert not desk.till.view.notices[0].is_sticky
        desk.till.on_fact(SaleLeftOpen(payment=paid(payment)))
    assert desk.is_on(Screen.KEYPAD)
    assert Sound.SUCCESS not in desk.sounds
    (notice,) = desk.till.view.notices
    assert (notice.kind, notice.is_sticky, notice.at) == (NoticeKind.LEFT_OPEN, True, NOON)
    assert desk.offered() == []
    # What was read from the ledger a moment before it was paid brings no offer back.
    desk.till.on_fact(SaleLeftOpen(payment=payment))
    assert desk.offered() == []
    assert len(desk.till.view.notices) == 1


@pytest.mark.parametrize("is_wanted", [True, False])
def test_an_offer_ends_with_its_sale(desk: Desk, *, is_wanted: bool) -> None:
    payment = desk.offer()
    if is_wanted:
        desk.take_up()
    desk.till.on_fact(PaymentClosed(payment=replace(payment, state=PaymentState.EXPIRED)))
    assert desk.offered() == []
    assert bool(desk.till.view.error) is is_wanted


def test_what_could_not_be_taken_up_says_why_and_can_be_tried_again(desk: Desk) -> None:
    payment = desk.offer()
    desk.take_up()
    desk.till.on_fact(TakeUpFailed(payment_id=payment.id, sentence="The database is away."))
    assert desk.till.view.error == "The database is away."
    desk.wait()
    desk.take_up()
    assert desk.taken == [payment.id] * 2


# -- the window -------------------------------------------------------------------------------


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    stage.window.resize(800, 480)
    stage.window.show()
    qtbot.waitExposed(stage.window)
    return stage


def test_the_pages_buttons_ask_and_take_up(stage: Stage) -> None:
    payment = payment_for(sale_of(), number=3)
    stage.tell(SaleLeftOpen(payment=payment))
    keypad = stage.window.page(Screen.KEYPAD)
    assert isinstance(keypad, KeypadPage)
    QTest.mouseClick(keypad.offer.take_up, LEFT)
    assert stage.bridge.taken_up == [payment.id]
    assert not keypad.offer.take_up.isEnabled()
    stage.tell(InvoiceReady(payment=payment))
    page = stage.window.stack.currentWidget()
    assert isinstance(page, InvoicePage)
    for _ in range(3):
        QTest.mouseClick(page.check, LEFT)
    assert stage.bridge.checked == [payment.id]
    assert page.check.text() == "Checking…"
    stage.tell(InvoiceChecked(payment_id=payment.id), SightChanged(can_see=False))
    assert (page.answer.text(), page.sight.text()) == ("Not paid yet.", CANT_SEE)
    assert page.check.isEnabled()
    stage.tell(SightChanged(can_see=True))
    assert not page.sight.isVisible()


def test_an_open_sale_is_cancelled_on_its_card(stage: Stage) -> None:
    payment = payment_for(sale_of(), number=3)
    stage.tell(SaleLeftOpen(payment=payment))
    keypad = stage.window.page(Screen.KEYPAD)
    assert isinstance(keypad, KeypadPage)
    QTest.mouseClick(keypad.offer.cancel, LEFT)
    assert stage.bridge.cancelled == [payment.id]
    assert not keypad.offer.isVisible()


def test_nothing_jumps_when_words_about_the_payment_appear(stage: Stage) -> None:
    stage.type("21")
    payment = stage.invoice()
    QTest.qWait(10)
    page = stage.window.page(Screen.INVOICE)
    assert isinstance(page, InvoicePage)
    fixed = (page.qr, page.amount, page.copy, page.check, page.cancel)
    before = [widget.geometry() for widget in fixed]
    stage.till.check_now()
    stage.tell(SightChanged(can_see=False))
    sentence = "Blink doesn't answer: check again in a moment."
    stage.tell(CheckFailed(payment_id=payment.id, sentence=sentence))
    QTest.qWait(10)
    assert [widget.geometry() for widget in fixed] == before


# -- the bridge -------------------------------------------------------------------------------

Act = Callable[[Bridge], None]


def check(bridge: Bridge) -> None:
    bridge.check(7)


def take_up(bridge: Bridge) -> None:
    bridge.take_up(7)


@pytest.mark.parametrize(
    ("act", "failed"),
    [
        (check, CheckFailed(payment_id=7, sentence=STARTING)),
        (take_up, TakeUpFailed(payment_id=7, sentence=STARTING)),
    ],
)
def test_the_bridge_answers_before_the_services_are_there(
    qtbot: QtBot, act: Act, failed: CheckFailed | TakeUpFailed
) -> None:
    bridge = Bridge()
    with qtbot.waitSignal(bridge.fact) as told:
        act(bridge)
    assert told.args == [failed]


def answering(outcome: object) -> Callable[[int], Coroutine[Any, Any, Any]]:
    async def answer(_payment_id: int) -> object:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return answer


@pytest.mark.parametrize(
    ("act", "outcome", "told"),
    [
        (check, True, [InvoiceChecked(payment_id=7)]),
        (check, False, []),
        (check, UnavailableError("No."), [CheckFailed(payment_id=7, sentence="No.")]),
        (check, ZeroDivisionError(), [CheckFailed(payment_id=7, sentence=NOT_DONE)]),
        (take_up, None, []),
        (take_up, UnavailableError("No."), [TakeUpFailed(payment_id=7, sentence="No.")]),
        (take_up, ZeroDivisionError(), [TakeUpFailed(payment_id=7, sentence=NOT_DONE)]),
    ],
)
async def test_the_bridge_passes_it_on_and_answers_once(
    qapp: QApplication, act: Act, outcome: object, told: list[object]
) -> None:
    del qapp
    heard: list[object] = []
    supervisor, nothing = Supervisor(lambda: 0.0), cast("Any", None)
    bridge = Bridge()
    bridge.fact.connect(heard.append)
    bridge.attach(
        Services(
            supervisor=supervisor,
            checkout=nothing,
            history=nothing,
            attention=nothing,
            announcing=nothing,
            items=nothing,
            cancel=nothing,
            check=answering(outcome),
            take_up=answering(outcome),
            examine=nothing,
        )
    )
    act(bridge)
    async with asyncio.timeout(10):
        while supervisor.names:  # noqa: ASYNC110 (an end tells nobody)
            await asyncio.sleep(0)
    await supervisor.stop()
    assert heard == told
