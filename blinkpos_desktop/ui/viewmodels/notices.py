"""The lines beside the keypad: money whose QR is not on this screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from blinkpos_desktop.domain.newest import Newest
from blinkpos_desktop.ui.viewmodels.view import Notice, NoticeKind

if TYPE_CHECKING:
    from blinkpos_desktop.domain.announcement import Announcement
    from blinkpos_desktop.domain.facts import AnnouncementsChanged, PaymentSeen, UnassignedIncome
    from blinkpos_desktop.domain.payment import Payment

MAX_ELSEWHERE: Final = 3
"""Other tills' sales and unassigned income are news; only the newest few are shown."""
MAX_REMEMBERED: Final = 1000


class Notices:
    """What is told of money whose QR is not on this screen: what others say, and what was heard.

    What must be seen by a person is the ledger's to say; what was just heard
    here is told at once, until the ledger's list has it.
    """

    def __init__(self) -> None:
        self._given_up: Newest[str] = Newest(MAX_REMEMBERED)
        self._left_open: Newest[str] = Newest(MAX_REMEMBERED)
        self._told: Newest[str] = Newest(MAX_REMEMBERED)
        self._announced: tuple[Announcement, ...] = ()
        self._heard: tuple[Notice, ...] = ()
        """What this till was told by facts, the newest first."""
        self._busy: frozenset[int] = frozenset()

    def give_up(self, payment_hash: str) -> None:
        """Remember that this counter has given a sale up."""
        self._given_up.add(payment_hash)

    def has_told(self, payment_hash: str) -> bool:
        """Whether a payment was told, by a line or in green."""
        return payment_hash in self._told

    def green(self, payment: Payment) -> None:
        """A payment is shown in green here: it needs no line."""
        self._told.add(payment.payment_hash)
        self.seen(payment.id)

    def left_open(self, payment: Payment) -> None:
        """Take a payment whose sale was on this screen when the program ended.

        It may have been told as any money is, before it was known to be this screen's.
        """
        self._left_open.add(payment.payment_hash)
        self._told.add(payment.payment_hash)
        self._heard = tuple(each for each in self._heard if each.id != payment.payment_hash)
        self._take(payment)

    def paid(self, payment: Payment) -> None:
        """Take a payment that is not the one on the screen; a repeat says nothing."""
        if payment.payment_hash not in self._told:
            self._told.add(payment.payment_hash)
            self._take(payment)

    def _take(self, payment: Payment) -> None:
        kind = NoticeKind.ELSEWHERE
        if not payment.is_seen:
            kind = self._kind(payment.payment_hash, otherwise=kind, late=payment.was_closed)
        self._hear(
            Notice(
                id=payment.payment_hash,
                kind=kind,
                amount=payment.total,
                sats=payment.received_sats or payment.total_sats,
                at=payment.paid_at or payment.created_at,
                till=payment.till,
                payment_id=payment.id,
            )
        )

    def take(self, fact: AnnouncementsChanged | PaymentSeen | UnassignedIncome) -> None:
        """Take what only these lines tell."""
        from blinkpos_desktop.domain.facts import (
            AnnouncementsChanged,
            PaymentSeen,
            UnassignedIncome,
        )

        match fact:
            case AnnouncementsChanged():
                self._announce(fact.items)
            case PaymentSeen():
                self.seen(fact.payment_id)
            case UnassignedIncome():
                kind = NoticeKind.UNASSIGNED
                self._hear(Notice(id=fact.id, kind=kind, amount=fact.amount, at=fact.at))

    def _announce(self, items: tuple[Announcement, ...]) -> None:
        """Take the ledger's list of what must be seen; what has left it was seen somewhere."""
        there = {each.payment_id for each in items}
        for gone in self._announced:
            if gone.payment_id not in there:
                self.seen(gone.payment_id)
        for each in items:
            # Told by the list from now on, whatever is heard of it later.
            self._told.add(each.payment_hash)
        self._announced = items

    def seen(self, payment_id: int) -> None:
        """Take away what had to be seen, and was."""
        self._announced = tuple(n for n in self._announced if n.payment_id != payment_id)
        self._heard = tuple(
            n for n in self._heard if not (n.is_sticky and n.payment_id == payment_id)
        )
        self._busy -= {payment_id}

    def acknowledge(self, notice: Notice) -> bool:
        """Whether that a person has seen it is to be written down now; it stays until it is."""
        number = notice.payment_id
        if number is None or number in self._busy or not notice.is_sticky:
            return False
        self._busy |= {number}
        return True

    def forget(self) -> None:
        """Take every line away: the ledger's list comes anew, or another ledger's."""
        self._announced, self._heard, self._busy = (), (), frozenset()

    def not_seen(self, payment_id: int) -> None:
        """It could not be written down: it can be pressed again."""
        self._busy -= {payment_id}

    def lines(self, shown: Payment | None) -> tuple[Notice, ...]:
        """Return the lines, but of the payment that is on the screen: what needs a person first."""
        hidden = shown.payment_hash if shown else ""
        listed = {each.payment_id for each in self._announced}
        heard = [n for n in self._heard if n.payment_id not in listed and n.id != hidden]
        sticky = [self._announcement(each) for each in self._announced]
        sticky += [notice for notice in heard if notice.is_sticky]
        sticky = [replace(n, is_busy=n.payment_id in self._busy) for n in sticky if n.id != hidden]
        # Python's sort leaves those of one second in their order.
        sticky.sort(key=lambda notice: -notice.at)
        others = [notice for notice in heard if not notice.is_sticky]
        return (*sticky, *others[:MAX_ELSEWHERE])

    def _hear(self, notice: Notice) -> None:
        self._heard = (notice, *self._heard)
        extra = [each for each in self._heard if not each.is_sticky][MAX_ELSEWHERE:]
        self._heard = tuple(each for each in self._heard if each not in extra)

    def _announcement(self, item: Announcement) -> Notice:
        kind = self._kind(item.payment_hash, otherwise=NoticeKind.UNSEEN, late=item.was_closed)
        return Notice(
            id=item.payment_hash,
            kind=kind,
            amount=item.amount,
            sats=item.sats,
            at=item.paid_at,
            till=item.till,
            payment_id=item.payment_id,
        )

    def _kind(self, payment_hash: str, *, otherwise: NoticeKind, late: bool) -> NoticeKind:
        if payment_hash in self._given_up:
            return NoticeKind.GIVEN_UP
        if late:
            return NoticeKind.LATE
        return NoticeKind.LEFT_OPEN if payment_hash in self._left_open else otherwise
