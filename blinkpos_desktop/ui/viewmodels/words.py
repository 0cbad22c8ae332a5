"""How amounts and transfers are written on the screens."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

from PySide6.QtCore import QCoreApplication

from blinkpos_desktop.domain.cart import Discount, Line
from blinkpos_desktop.domain.money import Currency, Money, format_percent
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.pricing import PriceMove, is_usable, of_a_bitcoin
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferState
from blinkpos_desktop.ui.viewmodels.numbers import around, grouped, with_point

TIMES: Final = "\N{MULTIPLICATION SIGN}"
_MINUTE: Final = 60


class Tone(StrEnum):
    """How a line is to be taken, in words and colour alike."""

    GOOD = "good"
    BUSY = "busy"
    QUIET = "quiet"
    ALERT = "alert"


def sats_text(sats: int) -> str:
    """Return ``21 sats``, ``1 sat``, ``1 000 000 sats``."""
    unit = "sat" if sats == 1 else "sats"
    return f"{grouped(str(sats))} {unit}"


def unit_of(currency: Currency) -> tuple[str, str]:
    """Return what stands before and behind a number of ``currency``."""
    if currency.is_sats:
        return "", " sats"
    return around(currency.symbol or currency.code)


def money_text(money: Money) -> str:
    """Return an amount as a person reads it: ``$0.80``, ``CHF 3.50``, ``21 sats``."""
    if money.currency.is_sats:
        return sats_text(money.minor)
    before, behind = unit_of(money.currency)
    return f"{before}{grouped(money.decimal())}{behind}"


def percent_text(percent: Fraction) -> str:
    """Return ``10%`` or ``7.5%``."""
    return with_point(format_percent(percent))


def minor_text(minor: int, currency: Currency) -> str:
    """Return an amount of minor units as a person reads it."""
    return money_text(Money(minor=minor, currency=currency))


def line_name(line: Line) -> str:
    """Return what a line of the cart is called; a typed amount has no name of its own."""
    return line.name or QCoreApplication.translate("Words", "Amount")


def line_words(line: Line) -> str:
    """Return a line of the cart in short: ``Coffee``, with how many there are."""
    return f"{line.quantity} {TIMES} {line_name(line)}" if line.quantity > 1 else line_name(line)


def discount_line(discount: Discount, off_minor: int, currency: Currency) -> tuple[str, str]:
    """Return a discount and what it takes off: ``Discount 10%``, and less $0.60."""
    words = QCoreApplication.translate("Words", "Discount")
    if discount.percent:
        words = f"{words} {percent_text(discount.percent)}"
    return words, f"\N{MINUS SIGN}{minor_text(off_minor, currency)}"


def tip_line(payment: Payment, *, has_names: bool = True) -> str:
    """Say what the tip is and, where there is room, whom it goes to; empty without one."""
    if not payment.tip_sats:
        return ""
    text = QCoreApplication.translate("Words", "with {tip} tip for {names}")
    names = ", ".join(t.recipient for t in payment.transfers if t.role is Role.TIP)
    if not names or not has_names:
        text = QCoreApplication.translate("Words", "with {tip} tip")
    return text.format(tip=money_text(payment.tip), names=names)


def price_line(bitcoin: Money, age: float | None) -> tuple[str, Tone]:
    """Say what a bitcoin costs and how old that is: ``₿ = $86 206.90 · 40 s ago``."""
    line = f"₿ = {money_text(bitcoin)}"
    if age is None:
        return line, Tone.QUIET
    if not is_usable(max(0, age)):
        text = QCoreApplication.translate("Words", "{price} · too old, {n} min")
        return text.format(price=line, n=int(age) // 60), Tone.ALERT
    seconds = int(max(0, age)) // 10 * 10
    if seconds < _MINUTE:
        text = QCoreApplication.translate("Words", "{price} · {n} s ago")
        return text.format(price=line, n=seconds), Tone.QUIET
    text = QCoreApplication.translate("Words", "{price} · {n} min ago")
    return text.format(price=line, n=seconds // _MINUTE), Tone.QUIET


def ago(minutes: int) -> str:
    """Say how many minutes ago something was."""
    if minutes == 1:
        return QCoreApplication.translate("Words", "A minute ago")
    return QCoreApplication.translate("Words", "{n} minutes ago").format(n=minutes)


def move_words(move: PriceMove) -> str:
    """Say how the price of a bitcoin moved, and ask."""
    text = QCoreApplication.translate(
        "Words",
        "A bitcoin was {before} {n} minutes ago and is {now} now. Sell at the new price?",
    )
    before, now = money_text(of_a_bitcoin(move.before)), money_text(of_a_bitcoin(move.price))
    return text.format(before=before, now=now, n=move.minutes)


def first_parts(payment: Payment, most: int) -> tuple[tuple[Transfer, ...], str]:
    """Return as many parts as there are lines for, and words that count those left out."""
    parts = payment.transfers
    if len(parts) <= most:
        return parts, ""
    text = QCoreApplication.translate("Words", "and {n} more")
    return parts[: most - 1], text.format(n=len(parts) - most + 1)


def progress_line(transfer: Transfer) -> str:
    """Say where one part of the money is, without any trouble: it goes on, or it is there."""
    if transfer.state is TransferState.ATTENTION:
        transfer = replace(transfer, state=TransferState.SENDING)
    line, _ = transfer_line(replace(transfer, reason=""))
    return line


def transfer_line(transfer: Transfer) -> tuple[str, Tone]:
    """Say where one part of the money is: ``21 sats to cafe ✓``."""
    sats = sats_text(transfer.sats)
    if transfer.state is TransferState.KEPT:
        text, tone = QCoreApplication.translate("Words", "{sats} kept"), Tone.QUIET
    elif transfer.state is TransferState.ATTENTION:
        text = QCoreApplication.translate("Words", "{sats} to {name} need attention")
        tone = Tone.ALERT
    elif transfer.state is TransferState.SETTLED:
        text, tone = QCoreApplication.translate("Words", "{sats} to {name} ✓"), Tone.GOOD
    else:
        text, tone = QCoreApplication.translate("Words", "{sats} to {name} …"), Tone.BUSY
    line = text.format(sats=sats, name=transfer.recipient)
    if transfer.reason and tone in {Tone.QUIET, Tone.ALERT}:
        line = f"{line}: {transfer.reason}"
    return line, tone
