"""The memos that customers, merchants and tip recipients see: built from fields, never parsed."""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.domain.money import Money, format_percent, format_sats
from blinkpos_desktop.domain.sale import Quote, TipPart

MAX_BYTES: Final = 639
"""Blink's limit for a memo, in UTF-8 bytes (a bolt11 description's own)."""


def customer_memo(quote: Quote) -> str:
    """Return the customer's memo: ``$0.80 + 10% tip = $0.88 (757 sats)``."""
    return _made(quote, prefix=quote.sale.note.strip(), suffix="")


def merchant_memo(quote: Quote) -> str:
    """Return the merchant's memo: what was sold and where the tip went."""
    suffix = ""
    if quote.tips:
        names = ", ".join(part.recipient.username for part in quote.tips)
        tip = quote.sale.tip
        worth = "" if tip.currency.is_sats else f"{tip} ("
        suffix = f" | {worth}{quote.tip_sats} sat{')' if worth else ''} tip received to {names}"
    return _made(quote, prefix="BlinkPOS:", suffix=suffix)


def tip_memo(quote: Quote, part: TipPart) -> str:
    """Return a tip recipient's memo: ``BlinkPOS Tip received: $0.08 (69 sats)``."""
    worth = Money(minor=part.minor, currency=quote.sale.currency)
    sats = format_sats(part.sats)
    shown = sats if worth.currency.is_sats else f"{worth} ({sats})"
    return f"BlinkPOS Tip received: {shown}"


def _made(quote: Quote, *, prefix: str, suffix: str) -> str:
    sums, total = _sums(quote), _total(quote)
    tail = f" = {total}{suffix}" if sums else f"{total}{suffix}"
    # The totals are never cut: first the words before them go, then the items.
    room = MAX_BYTES - len(tail.encode())
    sums = _cut(sums, room)
    if not prefix:
        return sums + tail
    joint = " " if prefix.endswith(":") else " | "
    prefix = _cut(prefix, room - len(sums.encode()) - len(joint))
    return f"{prefix}{joint}{sums}{tail}" if prefix else sums + tail


def _sums(quote: Quote) -> str:
    """Return what stands before the equals sign; nothing for a plain amount."""
    sale = quote.sale
    parts = [Money(minor=item, currency=sale.currency) for item in sale.items]
    if len(parts) > 1:
        texts = [part.decimal() for part in parts]
    else:
        texts = [parts[0].decimal() if sale.currency.is_sats else str(parts[0])]
    if sale.tip.minor:
        texts.append(f"{format_percent(sale.tip_percent)} tip")
    return " + ".join(texts) if len(texts) > 1 else ""


def _total(quote: Quote) -> str:
    sats = format_sats(quote.total_sats)
    return sats if quote.sale.currency.is_sats else f"{quote.total} ({sats})"


def _cut(text: str, room: int) -> str:
    """Return ``text`` in at most ``room`` UTF-8 bytes, never within a character."""
    if len(text.encode()) <= room:
        return text
    kept = text.encode()[: max(room - len("…".encode()), 0)].decode(errors="ignore")
    return f"{kept}…" if kept else ""
