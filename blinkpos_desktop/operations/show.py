"""``blinkpos show``: a payment's story, read back whole. Nothing in it can be paid."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from blinkpos_desktop.domain.errors import InputError, TillError, quoted
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.domain.story import Story, StoryEvent, StoryInvoice
from blinkpos_desktop.domain.transfer import Transfer
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.operations.charge import exit_of
from blinkpos_desktop.operations.tellers import say, write

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def parse_key(text: str) -> str | int:
    """Return the hash or the number by which a payment is asked for.

    Raises:
        InputError: it is neither.
    """
    text = text.strip().lower()
    if _HASH.fullmatch(text):
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    raise InputError(
        f"{quoted(text)} is neither a number nor a hash: give the 64 characters of an invoice's "
        "hash, or the number of a payment or a transfer."
    )


async def run(engine: Engine, key: str | int, *, as_json: bool) -> int:
    """Tell the story of a payment and return the exit code; only the database is needed."""
    try:
        await engine.open_store()
        story = await engine.history.story(key)
        if story is None:
            raise InputError(f"The ledger has no payment or transfer {key}.")
    except TillError as error:
        say(error.sentence)
        return int(exit_of(error))
    write(json.dumps(as_object(story)) if as_json else as_text(story, engine.history.zone))
    return 0


def as_object(story: Story) -> dict[str, Any]:
    """Return the story as one JSON object; amounts whole, times in Unix seconds."""
    payment = story.payment
    return {
        "event": "story",
        "id": payment.id,
        "payment_hash": payment.payment_hash,
        "state": payment.state,
        "till": payment.till,
        "currency": payment.base.currency.code,
        "base_minor": payment.base.minor,
        "tip_minor": payment.tip.minor,
        "total_sats": payment.total_sats,
        "tip_sats": payment.tip_sats,
        "received_sats": payment.received_sats,
        "memo": payment.memo,
        "reason": payment.reason,
        "created_at": payment.created_at,
        "expires_at": payment.invoice.expires_at if payment.invoice else None,
        "paid_at": payment.paid_at,
        "was_closed": payment.was_closed,
        "transfers": [_transfer_object(each, story) for each in payment.transfers],
        "events": [asdict(each) for each in story.events],
    }


def _transfer_object(transfer: Transfer, story: Story) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "role": transfer.role,
        "recipient": transfer.recipient,
        "sats": transfer.sats,
        "memo": transfer.memo,
        "state": transfer.state,
        "reason": transfer.reason,
        "tries": transfer.tries,
        "invoices": [asdict(each) for each in _invoices_of(transfer, story)],
    }


def as_text(story: Story, zone: tzinfo | None) -> str:
    """Return the story as lines for a person, in the shop's own time."""
    payment = story.payment
    received = (
        "" if payment.received_sats is None else f", received {format_sats(payment.received_sats)}"
    )
    lines = [
        f"Payment {payment.id} of {payment.till}: {payment.state}{received}",
        f"  {payment.memo}",
        f"  invoice {payment.payment_hash or 'none'}",
    ]
    for transfer in payment.transfers:
        to = transfer.recipient or "the collecting wallet"
        reason = f" ({transfer.reason})" if transfer.reason else ""
        lines.append(
            f"Transfer {transfer.id}, {transfer.role}: {format_sats(transfer.sats)} to {to}, "
            f"{transfer.state}{reason}"
        )
        lines += [f"  {_invoice_line(each)}" for each in _invoices_of(transfer, story)]
    lines += [_event_line(each, zone) for each in story.events]
    return "\n".join(lines)


def _invoices_of(transfer: Transfer, story: Story) -> list[StoryInvoice]:
    return [each for each in story.invoices if each.transfer_id == transfer.id]


def _invoice_line(invoice: StoryInvoice) -> str:
    hash_ = f"invoice {invoice.payment_hash}" if invoice.payment_hash else "no invoice came of it"
    retired = ", retired" if invoice.retired_at is not None else ""
    return f"{invoice.external_id}: {hash_}{retired}"


def _event_line(event: StoryEvent, zone: tzinfo | None) -> str:
    at = datetime.fromtimestamp(event.at, UTC).astimezone(zone)
    what = f"transfer {event.transfer_id}" if event.transfer_id is not None else "payment"
    moved = ""
    if event.state_before not in {None, event.state_after}:
        moved = f", {event.state_before} → {event.state_after}"
    elif event.event != event.state_after:
        moved = f", {event.state_after}"
    by = f"{event.who} at {event.till}" if event.who else event.till
    line = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}  {what}: {event.event}{moved}"
    line += f", by {by}"
    if event.reason:
        line += f": {event.reason}"
    if event.error:
        line += f" [{event.error}]"
    return line
