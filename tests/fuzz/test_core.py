"""The pure core as a whole, walked at random: keypad, split, payment, transfers, choices, retiring.

The parts have their own walks in ``tests/unit``; here they are joined as the
services join them, against a Blink whose answers may be lost, late or lies.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from blinkpos_desktop.domain.attention import CARRIED_OUT, Choice, Remedy, at_once
from blinkpos_desktop.domain.blink import RecipientWallet
from blinkpos_desktop.domain.entry import Entry, Key, press
from blinkpos_desktop.domain.errors import IllegalMoveError, InputError
from blinkpos_desktop.domain.money import SATS, Currency, Price
from blinkpos_desktop.domain.payment import RECEIVED, WATCHED, PaymentState, reason_for
from blinkpos_desktop.domain.plan import PaymentPlan, plan_payment
from blinkpos_desktop.domain.retiring import Proof, Retiring
from blinkpos_desktop.domain.sale import Recipient, Sale, quote
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Step,
    Transfer,
    TransferEvent,
    TransferState,
    apply,
)
from tests.fuzz.blink import LATEST, Truth
from tests.fuzz.profile import FUZZ
from tests.integration.stores import ACCOUNT

_P, _T, _E = PaymentState, TransferState, TransferEvent
USD = Currency(code="USD", digits=2, symbol="$")
PRICES = (
    Price(currency=USD, base=43_623_050_781, offset=12, as_of=0),
    Price(currency=USD, base=1, offset=0, as_of=0),
    Price(currency=USD, base=7_000, offset=3, as_of=0),
)
NAMES = ("cafe", "elturco", "ana", "ben")
FINISHED = frozenset({_T.SETTLED, _T.KEPT})


class Luck(Enum):
    """What becomes of a step, and what is told of it."""

    WELL = auto()
    REFUSED = auto()
    """Nothing was done."""
    DENIED = auto()
    """Done, and an error was answered."""
    LOST = auto()
    """Done, and nothing was answered."""
    NEVER = auto()
    """Nothing was done, and nothing was answered."""
    LATE = auto()
    """Nothing was answered, and it is done minutes later."""
    PENDING = auto()
    CRASH = auto()
    """The till died with the request under way."""
    GONE = auto()
    """The recipient can no longer receive."""


@dataclass(slots=True)
class Part:
    """A transfer with all the invoices it ever had."""

    now: Transfer
    truths: list[Truth] = field(default_factory=list)
    last_sent_at: float | None = None
    choice: Choice | None = None
    chosen: list[Choice] = field(default_factory=list)

    @property
    def live(self) -> Truth | None:
        return next((each for each in self.truths if not each.retired), None)


@dataclass(slots=True)
class Sold:
    """A sale's payment with its parts."""

    plan: PaymentPlan
    parts: list[Part]
    state: PaymentState = _P.INTENDED
    is_paid: bool = False


class Shop(RuleBasedStateMachine):
    """A shop's day, by the tables alone."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = Entry(currency=SATS)
        self.sold: list[Sold] = []
        self.time = 0.0
        self.invoices = 0

    # The keypad, and the sale that comes of it.

    @precondition(lambda self: len(self.sold) < 2)
    @rule(
        currency=st.sampled_from([SATS, USD]),
        keys=st.lists(st.sampled_from([*Key, *"123456789"]), max_size=12),
        percent=st.integers(0, 200).map(lambda half: Fraction(half, 2)),
        shares=st.lists(st.integers(1, 1000), min_size=1, max_size=3),
        price=st.sampled_from(PRICES),
        merchant=st.sampled_from(["cafe", None, "till"]),
    )
    def sell(
        self,
        currency: Currency,
        keys: list[str],
        percent: Fraction,
        shares: list[int],
        price: Price,
        merchant: str | None,
    ) -> None:
        self.entry = Entry(currency=currency)
        for key in keys:
            self.entry = press(self.entry, Key(key))
            assert self.entry.total.minor == sum(self.entry.parts)
        if self.entry.is_chargeable:
            self.charge(percent, shares, price, merchant)

    def charge(
        self, percent: Fraction, shares: list[int], price: Price, merchant: str | None
    ) -> None:
        recipients = tuple(
            Recipient(username=name, share=share)
            for name, share in zip(NAMES[1:], shares, strict=False)
        )
        sale = Sale(
            currency=self.entry.currency,
            items=self.entry.parts,
            tip_percent=percent,
            recipients=recipients,
        )
        try:
            quoted = quote(sale, price)
        except InputError:
            return
        wallets = {name: _wallet(name) for name in NAMES}
        plan = plan_payment(
            quoted,
            account=ACCOUNT,
            till="counter",
            merchant=_wallet(merchant) if merchant else None,
            tip_wallets=wallets,
        )
        assert sale.base == self.entry.total
        assert sum(part.sats for part in quoted.tips) == quoted.tip_sats
        assert sum(part.minor for part in quoted.tips) == (sale.tip.minor if quoted.tips else 0)
        assert quoted.base_sats + quoted.tip_sats == quoted.total_sats
        parts = [
            Part(
                Transfer(
                    id=number,
                    role=each.role,
                    recipient=each.recipient,
                    sats=each.sats,
                    memo=each.memo,
                    state=each.state,
                    reason=each.reason,
                )
            )
            for number, each in enumerate(plan.transfers)
        ]
        self.sold.append(Sold(plan, parts))
        self.entry = Entry(currency=self.entry.currency)

    # The customer's payment.

    @precondition(lambda self: self.sold)
    @rule(data=st.data(), to=st.sampled_from(PaymentState))
    def move(self, data: st.DataObject, to: PaymentState) -> None:
        sold = data.draw(st.sampled_from(self.sold))
        if to is _P.PAID:
            if sold.state not in WATCHED:
                return  # nobody was told an invoice, or it is paid
            sold.is_paid = True
            assert reason_for(sold.state, to), "late money is money"
        if to is _P.COMPLETED and any(each.now.state not in FINISHED for each in sold.parts):
            return
        try:
            assert reason_for(sold.state, to)
        except IllegalMoveError:
            return
        sold.state = to

    @initialize(percent=st.sampled_from([0, 10, 100]))
    def open(self, percent: int) -> None:
        """Begin with a sale that was paid: most of what can happen comes after that."""
        self.sell(SATS, [Key.D7], Fraction(percent), [1, 2], PRICES[0], "cafe")
        self.sold[0].is_paid, self.sold[0].state = True, _P.PAID

    # Passing it on.

    @precondition(lambda self: self._paid_parts())
    @rule(data=st.data(), lucks=st.lists(st.sampled_from(Luck), min_size=1, max_size=3))
    def come_to_need_a_person(self, data: st.DataObject, lucks: list[Luck]) -> None:
        """Go wrong some times, and then find that the recipient is gone."""
        part = data.draw(st.sampled_from(self._paid_parts()))
        for luck in lucks:
            if part.now.next_step is Step.MAKE_INVOICE:
                self._make(part, Luck.WELL)
            if part.now.next_step is Step.SEND:
                self._send(part, luck)
            if part.now.next_step in {Step.ASK, Step.LOOK_UP}:
                self._ask(part, Luck.WELL if luck is not lucks[-1] else Luck.GONE)

    @precondition(lambda self: self._paid_parts())
    @rule(data=st.data(), luck=st.sampled_from(Luck))
    def forward(self, data: st.DataObject, luck: Luck) -> None:
        part = data.draw(st.sampled_from(self._paid_parts()))
        match part.now.next_step:
            case Step.MAKE_INVOICE:
                self._make(part, luck)
            case Step.SEND:
                self._send(part, luck)
            case Step.ASK | Step.LOOK_UP:
                self._ask(part, luck)
            case _:
                assert part.now.state in {*FINISHED, _T.ATTENTION}

    def _make(self, part: Part, luck: Luck) -> None:
        if luck is Luck.GONE:
            part.now = apply(part.now, _E.GAVE_UP, reason="gone")
        elif luck is Luck.REFUSED:
            part.now = apply(part.now, _E.INVOICE_REFUSED, reason="not now")
        else:
            self.invoices += 1
            invoice = RecipientInvoice(
                external_id=f"bp-{self.invoices}",
                payment_request=f"ln{self.invoices}",
                payment_hash=f"{self.invoices:064x}",
                sats=part.now.invoice_sats,
                expires_at=0,
            )
            assert part.live is None, "a second live invoice"
            part.truths.append(Truth(invoice, self.time + 300))
            part.now = replace(apply(part.now, _E.INVOICE_STORED), invoice=invoice)

    def _send(self, part: Part, luck: Luck) -> None:
        truth = part.live
        assert truth is not None
        assert part.now.invoice == truth.invoice, "what is sent is the live invoice"
        part.now = apply(part.now, _E.SEND_STARTED)
        part.last_sent_at = self.time
        if luck in {Luck.WELL, Luck.DENIED, Luck.LOST}:
            truth.arrive()
        elif luck is Luck.PENDING:
            truth.arrive(pending=True)
        elif luck in {Luck.LATE, Luck.CRASH}:
            truth.on_their_way.append(self.time + LATEST)
        if luck is Luck.CRASH:
            return
        if luck is Luck.WELL and truth.is_paid:
            event = _E.SEND_SUCCEEDED
        elif luck is Luck.PENDING and truth.is_pending:
            event = _E.SEND_PENDING
        else:
            event = _E.SEND_LOST if luck in {Luck.LOST, Luck.NEVER, Luck.LATE} else _E.SEND_FAILED
        part.now = apply(part.now, event)

    def _ask(self, part: Part, luck: Luck) -> None:
        truth = part.live
        if luck in {Luck.NEVER, Luck.LOST, Luck.CRASH} or truth is None:
            return  # a question without an answer is none
        if truth.is_paid:
            part.now = apply(part.now, _E.STATUS_PAID)
        elif truth.is_pending:
            if part.now.state is not _T.IN_FLIGHT:
                part.now = apply(part.now, _E.SEND_PENDING)
        else:
            part.now = apply(part.now, _E.STATUS_UNPAID)
            if luck is Luck.GONE:
                part.now = apply(part.now, _E.GAVE_UP, reason="gone")

    # What happens at Blink meanwhile.

    @rule(data=st.data(), seconds=st.sampled_from([1, 200, 601]), arrives=st.booleans())
    def time_passes(self, data: st.DataObject, seconds: int, arrives: bool) -> None:  # noqa: FBT001
        self.time += seconds
        for truth in self._truths():
            was_pending = truth.is_pending
            for deadline in tuple(truth.on_their_way):
                if deadline <= self.time or data.draw(st.booleans()):
                    truth.on_their_way.remove(deadline)
                    if arrives:
                        truth.arrive(pending=data.draw(st.booleans()))
            if was_pending and data.draw(st.booleans()):
                truth.resolve(paid=arrives)

    # Persons.

    @precondition(lambda self: self._needing())
    @rule(
        data=st.data(),
        choice=st.sampled_from(
            [
                Choice(remedy=Remedy.RETRY),
                Choice(remedy=Remedy.KEEP),
                *(Choice(remedy=Remedy.SEND, recipient=name) for name in NAMES[2:]),
            ]
        ),
    )
    def choose(self, data: st.DataObject, choice: Choice) -> None:
        part = data.draw(st.sampled_from(self._needing()))
        part.chosen.append(choice)
        event = at_once(choice, part.now)
        part.choice = None if event else choice
        if event:
            self._apply(part, choice, event)

    @precondition(lambda self: any(part.choice for part in self._paid_parts()))
    @rule(data=st.data(), luck=st.sampled_from([Luck.WELL, Luck.NEVER]), waits=st.booleans())
    def carry_out(self, data: st.DataObject, luck: Luck, waits: bool) -> None:  # noqa: FBT001
        part = data.draw(st.sampled_from([each for each in self._paid_parts() if each.choice]))
        choice, truth = part.choice, part.live
        assert choice is not None
        assert part.now.state is _T.ATTENTION
        if truth is None:
            self._apply(part, choice, CARRIED_OUT[choice.remedy])
            return
        quiet = None if part.last_sent_at is None else self.time - part.last_sent_at
        retiring = Retiring(quiet_seconds=quiet)
        if retiring.next_proof is Proof.ASK_STATUS:
            retiring = retiring.asked(truth.status(self.time))
        if waits:
            # Between the two questions the world goes on.
            self.time_passes(data, 30, arrives=True)
        if retiring.next_proof is Proof.LOOK_UP:
            if luck is Luck.NEVER:
                return
            retiring = retiring.looked_up(truth.sent)
        if retiring.next_proof is Proof.SETTLE:
            part.now, part.choice = apply(part.now, _E.STATUS_PAID), None
        elif retiring.next_proof is Proof.RETIRE:
            part.now = apply(part.now, _E.INVOICE_RETIRED)
            truth.retired = True
            self._apply(part, choice, CARRIED_OUT[choice.remedy])

    def _apply(self, part: Part, choice: Choice, event: TransferEvent) -> None:
        part.now = apply(part.now, event, recipient=choice.recipient)
        part.choice = None

    # What must hold.

    @invariant()
    def sats_leave_at_most_once(self) -> None:
        for part in self._parts():
            assert sum(each.is_paid or each.is_pending for each in part.truths) <= 1

    @invariant()
    def nothing_leaves_before_it_came_in(self) -> None:
        for sold in self.sold:
            if sold.state not in RECEIVED:
                assert not any(part.truths for part in sold.parts)

    @invariant()
    def settled_means_paid_and_kept_means_that_it_never_left(self) -> None:
        for part in self._parts():
            if part.now.state is _T.SETTLED:
                assert part.live is not None
                assert part.live.is_paid
            if part.now.state is _T.KEPT:
                assert not any(each.is_paid or each.is_pending for each in part.truths)

    @invariant()
    def a_retired_invoice_is_dead(self) -> None:
        for truth in self._truths():
            if truth.retired:
                assert not truth.is_paid
                assert not truth.is_pending
                assert not truth.on_their_way

    @invariant()
    def there_is_one_live_invoice_and_it_is_the_transfers(self) -> None:
        for part in self._parts():
            live = [each.invoice for each in part.truths if not each.retired]
            assert live == ([part.now.invoice] if part.now.invoice else [])

    @invariant()
    def a_persons_choice_counts(self) -> None:
        for sold in self.sold:
            for part, planned in zip(sold.parts, sold.plan.transfers, strict=True):
                sent_to = [each.recipient for each in part.chosen if each.remedy is Remedy.SEND]
                assert part.now.recipient in {planned.recipient, *sent_to}
                if part.now.state is _T.KEPT and planned.state is not _T.KEPT:
                    assert part.chosen[-1].remedy is Remedy.KEEP

    @invariant()
    def the_parts_are_the_whole(self) -> None:
        for sold in self.sold:
            assert sum(part.now.sats for part in sold.parts) == sold.plan.quote.total_sats
            if sold.state is _P.COMPLETED:
                assert all(part.now.state in FINISHED for part in sold.parts)
            assert sold.state not in RECEIVED or sold.is_paid

    def _parts(self) -> list[Part]:
        return [part for sold in self.sold for part in sold.parts]

    def _paid_parts(self) -> list[Part]:
        return [part for sold in self.sold if sold.state is _P.PAID for part in sold.parts]

    def _needing(self) -> list[Part]:
        return [part for part in self._paid_parts() if part.now.state is _T.ATTENTION]

    def _truths(self) -> list[Truth]:
        return [truth for part in self._parts() for truth in part.truths]


def _wallet(name: str) -> RecipientWallet:
    wallet_id = ACCOUNT.btc_wallet_id if name == "till" else f"{name}-btc"
    return RecipientWallet(username=name, wallet_id=wallet_id, is_usd=False)


TestShop = Shop.TestCase
TestShop.settings = FUZZ
