"""The memos that customers, merchants and tip recipients see: built from fields, never parsed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from blinkpos_desktop.domain.money import Money, format_percent, format_sats
from blinkpos_desktop.domain.sale import Quote, TipPart

MAX_BYTES: Final = 639
"""Blink's limit for a memo, in UTF-8 bytes (a bolt11 description's own)."""


_NAMES_BYTES: Final = 400
"""For the tip recipients' names: the totals, and most items, always have room beside them."""
_MORE: Final = "…"


def customer_memo(quote: Quote) -> str:
    """Return the customer's memo: ``$0.80 + 10% tip = $0.88 (757 sats)``."""
    made = _made(quote)
    note = quote.sale.note
    joint = " " if note.endswith(":") else " | "
    note = _cut(note, MAX_BYTES - _size(joint + made))
    return f"{note}{joint}{made}" if note else made


def merchant_memo(quote: Quote) -> str:
    """Return the merchant's memo: what was sold and where the tip went."""
    names = _names([part.recipient.username for part in quote.tips if part.sats])
    if not names:
        return _made(quote, head="BlinkPOS: ")
    tip = quote.sale.tip
    sats = f"{quote.tip_sats} sat"
    worth = sats if tip.currency.is_sats else f"{tip} ({sats})"
    return _made(quote, head="BlinkPOS: ", tail=f" | {worth} tip received to {names}")


def tip_memo(quote: Quote, part: TipPart) -> str:
    """Return a tip recipient's memo: ``BlinkPOS Tip received: $0.08 (69 sats)``."""
    worth = Money(minor=part.minor, currency=quote.sale.currency)
    sats = format_sats(part.sats)
    shown = sats if worth.currency.is_sats else f"{worth} ({sats})"
    return f"BlinkPOS Tip received: {shown}"


def joined_memo(memo: str, carried: Sequence[str]) -> str:
    """Return the memo of a transfer that takes others along, naming each that there is room for.

    ``BlinkPOS Tip received: 30 sats | owed before: BlinkPOS Tip received: 2 sats``
    """
    if not carried:
        return memo
    head, shown = f"{memo} | owed before: ", len(carried)
    text = head + ", ".join(carried)
    while _size(text) > MAX_BYTES and shown:
        shown -= 1
        some = f"{', '.join(carried[:shown])} and " if shown else ""
        text = f"{head}{some}{len(carried) - shown} more"
    return _cut(text, MAX_BYTES)


def _made(quote: Quote, *, head: str = "", tail: str = "") -> str:
    """Return the made text in at most :data:`MAX_BYTES`: items may go, the totals never do."""
    end = f"{_total(quote)}{tail}"
    sums = _sums(quote, MAX_BYTES - _size(f"{head} = {end}"))
    return f"{head}{sums} = {end}" if sums else f"{head}{end}"


def _sums(quote: Quote, room: int) -> str:
    """Return what stands before the equals sign; nothing for a plain amount."""
    sale = quote.sale
    parts = [Money(minor=item, currency=sale.currency) for item in sale.items]
    if len(parts) == 1 and not sale.currency.is_sats:
        items = [str(parts[0])]
    else:
        items = [part.decimal() for part in parts]
    off = f" - {Money(minor=sale.off_minor, currency=sale.currency).decimal()}"
    end = off if sale.off_minor else ""
    if sale.tip.minor:
        end = f"{end} + {_tip(quote)} tip"
    if len(items) == 1 and not end:
        return ""
    sums = " + ".join(items) + end
    while items and _size(sums) > room:
        # Whole items go: half of a number would be another number.
        items.pop()
        sums = " + ".join([*items, _MORE]) + end
    return sums


def _tip(quote: Quote) -> str:
    """Return the tip as it was chosen: ``10%``, or an amount as those before it are written."""
    sale = quote.sale
    if sale.tip_minor is None:
        return format_percent(sale.tip_percent)
    is_plain = sale.currency.is_sats or len(sale.items) > 1
    return sale.tip.decimal() if is_plain else str(sale.tip)


def _total(quote: Quote) -> str:
    sats = format_sats(quote.total_sats)
    return sats if quote.sale.currency.is_sats else f"{quote.total} ({sats})"


def _names(names: list[str]) -> str:
    shown, text = len(names), ", ".join(names)
    while _size(text) > _NAMES_BYTES:
        shown -= 1
        text = f"{', '.join(names[:shown])} and {len(names) - shown} more"
    return text


def _cut(text: str, room: int) -> str:
    """Return ``text`` in at most ``room`` UTF-8 bytes, never within a character."""
    if _size(text) <= room:
        return text
    kept = text.encode()[: max(room - _size(_MORE), 0)].decode(errors="ignore")
    # A joiner that has lost its second half would swallow the ellipsis.
    kept = kept.rstrip("\N{ZERO WIDTH JOINER} ")
    return f"{kept}{_MORE}" if kept else ""


def _size(text: str) -> int:
    return len(text.encode())
