"""The counter's rules, without a widget: when OK lives, what a double tap does, what goes green."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    ChargeFailed,
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    PaymentSeen,
    PriceChanged,
    SightChanged,
    TransferChanged,
)
from blinkpos_desktop.domain.money import SATS, Currency, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import Sale
from blinkpos_desktop.domain.transfer import TransferState
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import NoticeKind, Screen, Sound
from tests.ui.fakes import (
    ELTURCO,
    NOON,
    PRESETS,
    USD,
    Clock,
    payment_for,
    sale_of,
    shop,
    transfers_of,
)


class Counter:
    """A till with its clock, and all that it asked for."""

    def __init__(self, currency: Currency = SATS, presets: tuple[Fraction, ...] = PRESETS) -> None:
        self.clock = Clock()
        self.till = Till(currency=currency, presets=presets, clock=self.clock)
        self.sales: list[Sale] = []
        self.cancelled: list[int] = []
        self.sounds: list[Sound] = []
        self.green: list[Payment] = []
        self.acknowledged: list[int] = []
        self.till.charge_wanted.connect(self.sales.append)
        self.till.cancel_wanted.connect(self.cancelled.append)
        self.till.sound_wanted.connect(self.sounds.append)
        self.till.green_shown.connect(self.green.append)
        self.till.acknowledge_wanted.connect(self.acknowledged.append)

    def is_on(self, screen: Screen) -> bool:
        return self.till.view.screen is screen

    def can_charge(self) -> bool:
        return self.till.view.can_charge

    def wait(self) -> None:
        self.clock.now += 1

    def type(self, text: str) -> None:
        for letter in text:
            self.till.press(Key(letter))

    def to_making(self, text: str = "21", percent: int = 10) -> Sale:
        self.type(text)
        self.till.ok()
        if self.is_on(Screen.TIP):
            self.wait()
            self.till.choose_tip(Fraction(percent))
        assert self.is_on(Screen.MAKING)
        self.wait()
        return self.sales[-1]

    def to_invoice(self, number: int = 1) -> Payment:
        payment = payment_for(self.to_making(), number=number)
        self.till.on_fact(InvoiceReady(payment=payment))
        assert self.is_on(Screen.INVOICE)
        self.wait()
        return payment

    def to_success(self, number: int = 1) -> Payment:
        payment = paid(self.to_invoice(number))
        self.till.on_fact(PaymentPaid(payment=payment))
        assert self.is_on(Screen.SUCCESS)
        return payment


def paid(payment: Payment, *, was_closed: bool = False) -> Payment:
    return replace(payment, state=PaymentState.PAID, paid_at=NOON, was_closed=was_closed)


@pytest.fixture
def counter() -> Counter:
    counter = Counter()
    counter.till.on_fact(shop())
    return counter


# -- OK ---------------------------------------------------------------------------------------


def test_ok_is_dead_until_the_shop_is_ready_and_says_why() -> None:
    counter = Counter()
    counter.type("21")
    assert counter.till.view.blocked == "Preparing the database…"
    counter.till.on_fact(PartChanged(part=Part.POSTGRESQL, health=Health.OK))
    assert counter.till.view.blocked == "Connecting to Blink…"
    counter.till.ok()
    assert counter.is_on(Screen.KEYPAD)
    assert counter.sales == []
    counter.till.on_fact(shop())
    assert counter.till.view.blocked == ""
    assert counter.can_charge()
    assert counter.till.view.entry.text == "21"


def test_ok_is_dead_without_an_amount(counter: Counter) -> None:
    assert not counter.can_charge()
    counter.till.ok()
    assert counter.is_on(Screen.KEYPAD)


def test_ok_is_dead_with_a_problem_of_the_shop() -> None:
    counter = Counter()
    counter.type("21")
    counter.till.on_fact(shop(problem="The key lacks RECEIVE."))
    assert counter.till.view.blocked == "The key lacks RECEIVE."
    counter.till.ok()
    assert counter.is_on(Screen.KEYPAD)


def test_the_till_sells_while_only_blinks_updates_are_cut_off(counter: Counter) -> None:
    counter.type("21")
    counter.till.on_fact(PartChanged(part=Part.BLINK, health=Health.AWAY, sentence="Cut off."))
    assert counter.can_charge()


@pytest.mark.parametrize("sentence", ["", "It sleeps."])
def test_ok_is_dead_while_the_database_is_away(counter: Counter, sentence: str) -> None:
    part = Part.POSTGRESQL
    counter.type("21")
    counter.till.on_fact(PartChanged(part=part, health=Health.AWAY, sentence=sentence))
    assert not counter.can_charge()
    assert sentence in counter.till.view.blocked
    assert counter.till.view.blocked
    counter.till.on_fact(PartChanged(part=part, health=Health.OK))
    assert counter.can_charge()


def test_redis_away_stops_nothing(counter: Counter) -> None:
    counter.type("21")
    counter.till.on_fact(PartChanged(part=Part.REDIS, health=Health.AWAY))
    assert counter.can_charge()


def test_more_than_all_bitcoin_is_refused_in_words(counter: Counter) -> None:
    counter.type("99999999999999")
    counter.type("+")
    counter.type("99999999999999+" * 30)
    assert not counter.can_charge()
    assert "more than all the bitcoin" in counter.till.view.blocked


def test_a_fiat_amount_under_one_sat_is_refused_in_words() -> None:
    counter = Counter(currency=USD)
    counter.till.on_fact(shop(currency=USD))
    counter.type("0.01")
    assert counter.can_charge()
    dear = Price(currency=USD, base=3 * 10**12, offset=12, as_of=NOON)
    counter.till.on_fact(PriceChanged(price=dear))
    assert not counter.can_charge()
    assert "less than 1 sat" in counter.till.view.blocked
    counter.type("5")
    counter.till.press(Key.BACKSPACE)
    counter.till.press(Key.CLEAR)
    assert counter.till.view.blocked == ""


def test_the_worth_in_sats_is_shown_with_a_price_only() -> None:
    counter = Counter(currency=USD)
    counter.till.on_fact(shop(currency=USD))
    counter.type("0.80")
    assert counter.till.view.worth_sats is None
    price = Price(currency=USD, base=116_279_000_000, offset=12, as_of=NOON)
    counter.till.on_fact(PriceChanged(price=price))
    assert counter.till.view.worth_sats == 688


def test_a_double_tap_on_ok_opens_one_tip_page_and_chooses_nothing(counter: Counter) -> None:
    counter.type("21")
    for _ in range(5):
        counter.till.ok()
    assert counter.is_on(Screen.TIP)
    assert counter.sales == []
    # The second tap lands on what has appeared under the finger.
    counter.till.choose_tip(Fraction(10))
    counter.till.open_custom()
    counter.till.back()
    assert counter.is_on(Screen.TIP)
    assert counter.till.view.custom is None
    assert counter.sales == []
    counter.wait()
    counter.till.choose_tip(Fraction(10))
    counter.till.choose_tip(Fraction(20))
    counter.till.ok()
    assert len(counter.sales) == 1


def test_a_double_tap_on_ok_without_tips_makes_one_sale() -> None:
    counter = Counter()
    counter.till.on_fact(shop(recipients=()))
    counter.type("21")
    counter.till.ok()
    counter.till.ok()
    counter.till.cancel()
    assert counter.is_on(Screen.MAKING)
    assert [sale.base.minor for sale in counter.sales] == [21]


def test_keys_do_nothing_behind_other_screens(counter: Counter) -> None:
    counter.to_invoice()
    counter.type("5")
    counter.till.ok()
    assert counter.till.view.entry.text == "21"
    assert counter.is_on(Screen.INVOICE)


def test_every_key_clicks(counter: Counter) -> None:
    counter.type("21")
    assert counter.sounds == [Sound.CLICK, Sound.CLICK]


# -- the tip ----------------------------------------------------------------------------------


def test_the_tip_page_shows_presets_with_their_amounts(counter: Counter) -> None:
    counter.type("25")
    counter.till.ok()
    choices = counter.till.view.tip_choices
    assert [(choice.percent, choice.amount.minor) for choice in choices] == [
        (Fraction(10), 3),
        (Fraction(15), 4),
        (Fraction(20), 5),
    ]


def test_four_presets_at_the_most() -> None:
    counter = Counter(presets=tuple(Fraction(n) for n in range(1, 8)))
    counter.till.on_fact(shop())
    counter.type("21")
    counter.till.ok()
    assert len(counter.till.view.tip_choices) == 4


@pytest.mark.parametrize(("has_recipient", "presets"), [(False, PRESETS), (True, ())])
def test_no_tip_page_without_recipients_or_presets(
    has_recipient: bool,  # noqa: FBT001
    presets: tuple[Fraction, ...],
) -> None:
    counter = Counter(presets=presets)
    counter.till.on_fact(shop(recipients=(ELTURCO,) if has_recipient else ()))
    counter.type("21")
    counter.till.ok()
    assert counter.is_on(Screen.MAKING)
    assert counter.sales[0].tip_percent == 0
    assert counter.sales[0].recipients == ()


def test_a_tip_goes_to_the_shops_recipients(counter: Counter) -> None:
    sale = counter.to_making("10+11", 10)
    assert sale == Sale(
        currency=SATS, items=(10, 11), tip_percent=Fraction(10), recipients=(ELTURCO,)
    )


def test_a_custom_tip_allows_halves(counter: Counter) -> None:
    counter.type("1000")
    counter.till.ok()
    counter.wait()
    counter.till.open_custom()
    counter.till.choose_custom()
    counter.type("7.3")
    custom = counter.till.view.custom
    assert custom is not None
    assert custom.text == "7."
    counter.type("5")
    custom = counter.till.view.custom
    assert custom is not None
    assert custom.amount is not None
    assert custom.amount.minor == 75
    counter.wait()
    counter.till.choose_custom()
    assert counter.sales[0].tip_percent == Fraction(15, 2)


def test_an_enter_that_arrives_as_the_custom_page_appears_chooses_nothing(counter: Counter) -> None:
    counter.type("1000")
    counter.till.ok()
    counter.wait()
    counter.till.open_custom()
    counter.type("5")
    counter.till.choose_custom()
    assert counter.sales == []


def test_back_leads_from_custom_to_presets_to_the_keypad(counter: Counter) -> None:
    counter.type("21")
    counter.till.ok()
    counter.wait()
    counter.till.open_custom()
    counter.till.back()
    assert counter.is_on(Screen.TIP)
    counter.wait()
    counter.till.back()
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.entry.text == "21"
    assert counter.sales == []


def test_a_tip_chosen_while_the_database_went_away_makes_no_sale(counter: Counter) -> None:
    counter.type("21")
    counter.till.ok()
    counter.wait()
    counter.till.on_fact(PartChanged(part=Part.POSTGRESQL, health=Health.AWAY))
    counter.till.choose_tip(Fraction(10))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.blocked
    assert counter.sales == []


# -- making the invoice -----------------------------------------------------------------------


def test_a_failed_charge_leaves_the_amount_and_says_why(counter: Counter) -> None:
    counter.to_making()
    counter.till.on_fact(ChargeFailed(sentence="Blink did not answer."))
    view = counter.till.view
    assert (view.screen, view.error, view.entry.text) == (
        Screen.KEYPAD,
        "Blink did not answer.",
        "21",
    )
    assert counter.sounds[-1] is Sound.ERROR
    counter.type("5")
    assert counter.till.view.error == ""


def test_beside_a_dead_ok_stands_why_it_is_dead_and_no_older_advice(counter: Counter) -> None:
    counter.to_making()
    counter.till.on_fact(SightChanged(can_see=False))
    counter.till.on_fact(ChargeFailed(sentence="Blink did not answer: try again."))
    assert (counter.till.view.error, bool(counter.till.view.blocked)) == ("", True)
    assert counter.sounds[-1] is Sound.ERROR
    counter.till.on_fact(SightChanged(can_see=True))
    counter.till.ok()
    counter.wait()
    counter.till.choose_tip(Fraction(10))
    counter.till.on_fact(ChargeFailed(sentence="Blink did not answer: try again."))
    assert counter.till.view.error
    counter.till.on_fact(PartChanged(part=Part.POSTGRESQL, health=Health.AWAY))
    assert (counter.till.view.error, bool(counter.till.view.blocked)) == ("", True)


def test_an_invoice_is_shown_with_the_payment(counter: Counter) -> None:
    payment = counter.to_invoice()
    assert counter.till.view.payment == payment


def test_an_invoice_that_was_given_up_is_cancelled_and_not_shown(counter: Counter) -> None:
    sale = counter.to_making()
    counter.till.cancel()
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.entry.text == "21"
    assert counter.cancelled == []
    counter.till.on_fact(InvoiceReady(payment=payment_for(sale)))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.cancelled == [5_000_000_001]


def test_an_invoice_out_of_the_blue_is_cancelled(counter: Counter) -> None:
    counter.till.on_fact(InvoiceReady(payment=payment_for(sale_of())))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.cancelled == [5_000_000_001]


def test_an_abandoned_sales_invoice_is_not_taken_for_the_next_ones(counter: Counter) -> None:
    first = counter.to_making("21")
    counter.till.cancel()
    counter.till.press(Key.CLEAR)
    second = counter.to_making("500")
    counter.till.on_fact(InvoiceReady(payment=payment_for(first, number=1)))
    assert counter.is_on(Screen.MAKING)
    assert counter.cancelled == [5_000_000_001]
    counter.till.on_fact(InvoiceReady(payment=payment_for(second, number=2)))
    assert counter.till.view.payment == payment_for(second, number=2)


def test_an_abandoned_sale_of_the_same_amount_is_not_the_next_one(counter: Counter) -> None:
    """Who served may be another: the first one's code would send its tip to the wrong person."""
    first = counter.to_making("21")
    counter.till.cancel()
    counter.till.press(Key.CLEAR)
    second = counter.to_making("21")
    counter.till.on_fact(InvoiceReady(payment=payment_for(first, number=1), sale=first))
    assert counter.is_on(Screen.MAKING)
    assert counter.cancelled == [5_000_000_001]
    counter.till.on_fact(InvoiceReady(payment=payment_for(second, number=2), sale=second))
    assert counter.is_on(Screen.INVOICE)
    assert counter.till.view.payment == payment_for(second, number=2)


def test_a_failure_ends_the_sale_that_it_names(counter: Counter) -> None:
    first = counter.to_making("21")
    counter.till.cancel()
    counter.till.press(Key.CLEAR)
    second = counter.to_making("21")
    counter.till.on_fact(ChargeFailed(sentence="Refused.", sale=second))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.error == "Refused."
    counter.till.on_fact(InvoiceReady(payment=payment_for(first, number=1), sale=first))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.cancelled == [5_000_000_001]


def test_an_abandoned_sales_failure_does_not_end_the_next_one(counter: Counter) -> None:
    counter.to_making("21")
    counter.till.cancel()
    counter.till.press(Key.CLEAR)
    second = counter.to_making("500")
    counter.till.on_fact(ChargeFailed(sentence="Too slow."))
    assert counter.is_on(Screen.MAKING)
    counter.till.on_fact(InvoiceReady(payment=payment_for(second, number=2)))
    assert counter.is_on(Screen.INVOICE)


def test_answers_in_the_wrong_order_never_leave_the_counter_waiting(counter: Counter) -> None:
    first = counter.to_making("21")
    counter.till.cancel()
    counter.till.press(Key.CLEAR)
    counter.to_making("500")
    # The failure was the second one's, though it is first taken for the first one's.
    counter.till.on_fact(ChargeFailed(sentence="Refused."))
    counter.till.on_fact(InvoiceReady(payment=payment_for(first, number=1)))
    assert counter.cancelled == [5_000_000_001]
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.error == "Refused."
    assert counter.till.view.entry.text == "500"


def test_an_invoice_for_another_amount_is_never_shown(counter: Counter) -> None:
    counter.to_making("21")
    counter.till.on_fact(InvoiceReady(payment=payment_for(sale_of(22))))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.cancelled == [5_000_000_001]
    assert counter.till.view.error


# -- green ------------------------------------------------------------------------------------


def test_green_for_the_hash_on_the_screen_with_one_sound(counter: Counter) -> None:
    payment = counter.to_success()
    assert counter.till.view.payment == payment
    counter.till.on_fact(PaymentPaid(payment=payment))
    assert counter.sounds.count(Sound.SUCCESS) == 1
    assert counter.till.view.notices == ()
    assert counter.green == [payment]


@pytest.mark.parametrize("was_closed", [False, True])
def test_another_hash_never_goes_green_nor_sounds(counter: Counter, *, was_closed: bool) -> None:
    shown = counter.to_invoice(number=1)
    # The same amount, even: only the hash counts.
    other = paid(payment_for(sale_of(), number=2), was_closed=was_closed)
    counter.till.on_fact(PaymentPaid(payment=other))
    assert counter.is_on(Screen.INVOICE)
    assert counter.till.view.payment == shown
    assert Sound.SUCCESS not in counter.sounds
    (notice,) = counter.till.view.notices
    assert notice.kind is (NoticeKind.LATE if was_closed else NoticeKind.ELSEWHERE)
    assert (notice.sats, notice.at, notice.till) == (23, NOON, "counter")
    assert counter.green == []


def test_a_payment_without_a_hash_never_goes_green(counter: Counter) -> None:
    payment = replace(payment_for(counter.to_making()), invoice=None)
    counter.till.on_fact(InvoiceReady(payment=payment))
    counter.till.on_fact(PaymentPaid(payment=paid(payment)))
    assert not counter.is_on(Screen.SUCCESS)


def test_money_on_the_keypad_is_a_notice(counter: Counter) -> None:
    counter.type("21")
    counter.till.on_fact(PaymentPaid(payment=paid(payment_for(sale_of(), number=2))))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.entry.text == "21"
    assert len(counter.till.view.notices) == 1


def test_a_second_payment_during_green_is_a_notice(counter: Counter) -> None:
    shown = counter.to_success(number=1)
    counter.till.on_fact(PaymentPaid(payment=paid(payment_for(sale_of(), number=2))))
    assert counter.till.view.payment == shown
    assert len(counter.till.view.notices) == 1
    assert counter.sounds.count(Sound.SUCCESS) == 1


def test_a_repeated_fact_makes_one_notice_and_none_once_it_was_seen(counter: Counter) -> None:
    late = paid(payment_for(sale_of(), number=2), was_closed=True)
    counter.till.on_fact(PaymentPaid(payment=late))
    counter.till.on_fact(PaymentPaid(payment=late))
    (notice,) = counter.till.view.notices
    counter.till.acknowledge(notice)
    counter.till.on_fact(PaymentSeen(payment_id=late.id))
    counter.till.on_fact(PaymentPaid(payment=late))
    assert counter.till.view.notices == ()


def test_late_money_stays_until_seen_and_other_tills_sales_make_way(counter: Counter) -> None:
    late = paid(payment_for(sale_of(), number=99), was_closed=True)
    counter.till.on_fact(PaymentPaid(payment=late))
    for number in range(10):
        counter.till.on_fact(PaymentPaid(payment=paid(payment_for(sale_of(), number=number))))
    hashes = [int(notice.id, 16) for notice in counter.till.view.notices]
    assert hashes == [99, 9, 8, 7]


def test_money_for_a_sale_just_cancelled_here_must_be_seen(counter: Counter) -> None:
    payment = counter.to_invoice()
    counter.till.cancel()
    # Blink was faster than the cancelling: it was never closed.
    counter.till.on_fact(PaymentPaid(payment=paid(payment)))
    assert counter.is_on(Screen.KEYPAD)
    (notice,) = counter.till.view.notices
    assert notice.kind is NoticeKind.GIVEN_UP
    assert notice.is_sticky
    assert Sound.SUCCESS not in counter.sounds


def test_a_missed_paid_fact_is_made_up_for_by_completed(counter: Counter) -> None:
    payment = counter.to_invoice()
    done = replace(paid(payment), state=PaymentState.COMPLETED)
    counter.till.on_fact(PaymentCompleted(payment=done))
    assert counter.is_on(Screen.SUCCESS)
    assert counter.till.view.payment == done


def test_another_payments_completion_says_nothing(counter: Counter) -> None:
    counter.till.on_fact(PaymentCompleted(payment=paid(payment_for(sale_of(), number=2))))
    assert counter.till.view.notices == ()


# -- leaving ----------------------------------------------------------------------------------


def test_cancel_on_the_invoice_empties_the_keypad_at_once(counter: Counter) -> None:
    payment = counter.to_invoice()
    counter.till.cancel()
    assert counter.cancelled == [payment.id]
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.entry.text == ""
    counter.till.cancel()
    assert counter.cancelled == [payment.id]


def test_an_expired_code_leaves_the_amount_and_says_so(counter: Counter) -> None:
    payment = counter.to_invoice()
    counter.till.on_fact(PaymentClosed(payment=replace(payment, state=PaymentState.EXPIRED)))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.error.startswith("This code has expired")
    assert counter.till.view.entry.text == "21"
    counter.till.on_fact(PaymentPaid(payment=paid(payment, was_closed=True)))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.notices[0].is_sticky


@pytest.mark.parametrize("reason", ["", "Cancelled at Blink."])
def test_a_code_closed_elsewhere_leaves_the_screen(counter: Counter, reason: str) -> None:
    payment = counter.to_invoice()
    closed = replace(payment, state=PaymentState.CANCELLED, reason=reason)
    counter.till.on_fact(PaymentClosed(payment=closed))
    assert counter.is_on(Screen.KEYPAD)
    assert reason in counter.till.view.error
    assert counter.till.view.error


def test_another_payments_end_changes_nothing(counter: Counter) -> None:
    counter.to_invoice(number=1)
    other = replace(payment_for(sale_of(), number=2), state=PaymentState.EXPIRED)
    counter.till.on_fact(PaymentClosed(payment=other))
    assert counter.is_on(Screen.INVOICE)


def test_enter_on_success_cannot_fall_through(counter: Counter) -> None:
    counter.to_success()
    counter.till.dismiss_success()
    assert counter.is_on(Screen.SUCCESS)
    counter.wait()
    counter.till.dismiss_success()
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.entry.text == ""
    counter.till.ok()
    counter.till.dismiss_success()
    assert counter.is_on(Screen.KEYPAD)
    assert len(counter.sales) == 1


def test_a_tap_on_cancel_as_the_money_arrives_leaves_the_green(counter: Counter) -> None:
    counter.to_success()
    counter.till.cancel()
    assert counter.is_on(Screen.SUCCESS)
    assert counter.cancelled == []


def test_an_eager_tap_does_not_cancel_the_invoice_that_just_appeared(counter: Counter) -> None:
    payment = payment_for(counter.to_making())
    counter.till.on_fact(InvoiceReady(payment=payment))
    counter.till.cancel()
    assert counter.is_on(Screen.INVOICE)


# -- forwarding and the shop ------------------------------------------------------------------


def test_forwarding_moves_on_the_success_page_by_hash(counter: Counter) -> None:
    payment = counter.to_success()
    merchant, tip = transfers_of(21, 2, TransferState.SETTLED)
    moved = TransferChanged(
        payment_id=payment.id, payment_hash=payment.payment_hash, transfer=merchant
    )
    counter.till.on_fact(moved)
    counter.till.on_fact(replace(moved, payment_hash="ff", transfer=tip))
    shown = counter.till.view.payment
    assert shown is not None
    assert [t.state for t in shown.transfers] == [TransferState.SETTLED, TransferState.PLANNED]
    done = replace(payment, state=PaymentState.COMPLETED, transfers=(merchant, tip))
    counter.till.on_fact(PaymentCompleted(payment=done))
    assert counter.till.view.payment == done
    assert counter.sounds.count(Sound.SUCCESS) == 1


def test_a_transfer_of_a_payment_not_shown_changes_nothing(counter: Counter) -> None:
    before = counter.till.view
    (merchant,) = transfers_of(21, 0)
    counter.till.on_fact(TransferChanged(payment_id=1, payment_hash="", transfer=merchant))
    assert counter.till.view == before


def test_the_shops_currency_keeps_what_was_typed_when_it_fits() -> None:
    bare = Currency(code="USD", digits=2)
    counter = Counter(currency=bare)
    counter.type("0.80+1.2")
    counter.till.on_fact(shop(currency=USD))
    entry = counter.till.view.entry
    assert (entry.text, entry.items, entry.currency) == ("1.2", (80,), USD)
    assert counter.till.view.error == ""


def test_the_shops_currency_clears_what_does_not_fit() -> None:
    counter = Counter(currency=SATS)
    counter.type("21")
    counter.till.on_fact(shop(currency=USD))
    assert counter.till.view.entry.text == ""
    assert counter.till.view.error


def test_changed_is_told_only_when_something_changed(counter: Counter) -> None:
    views: list[object] = []
    counter.till.changed.connect(views.append)
    counter.till.press(Key.DOT)
    counter.till.on_fact(shop())
    counter.till.on_fact(object())
    assert views == []
    counter.till.press(Key.D5)
    assert views == [counter.till.view]
