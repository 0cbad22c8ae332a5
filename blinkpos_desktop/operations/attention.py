"""``blinkpos attention``: what waits for a person, and his choices, without a screen."""

from __future__ import annotations

import getpass
import json
import logging
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
from blinkpos_desktop.domain.attention import AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.errors import InputError, TillError
from blinkpos_desktop.domain.hold import Hold
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.operations.charge import exit_of
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.operations.wording import minute
from blinkpos_desktop.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRequest:
    """What the command line asked for: the list, or a choice for one transfer."""

    transfer_id: int | None = None
    choice: Choice | None = None
    json: bool = False


async def run(settings: Settings, request: AttentionRequest) -> int:
    """List what waits or take a choice; return the exit code."""
    try:
        # It works on nobody's sales: what is chosen is carried out by a till.
        engine = Engine(settings, only_own=True)
    except TillError as error:
        return _fail(error)
    try:
        await engine.open_store()
        if request.transfer_id is not None and request.choice is not None:
            await _choose(engine, request.transfer_id, request.choice)
        else:
            await _list(engine, as_json=request.json)
    except TillError as error:
        return _fail(error)
    finally:
        try:
            await engine.stop()
        except (TillError, OSError):
            _log.exception("the clean-up failed")
    return 0


async def _list(engine: Engine, *, as_json: bool) -> None:
    lines, zone = [], engine.history.zone
    if (hold := await engine.attention.hold()) is not None:
        lines.append(json.dumps(_hold_fields(hold)) if as_json else f"Held. {hold.sentence}")
    items = await engine.attention.list()
    lines += [json.dumps(_fields(item)) if as_json else _line(item, zone) for item in items]
    for surplus in await engine.attention.surpluses():
        fields = _received("surplus", surplus)
        lines.append(json.dumps(fields) if as_json else _surplus_line(surplus, zone))
    for unseen in await engine.announcing.list():
        fields = _received("unseen", unseen) | {"was_closed": unseen.was_closed}
        lines.append(json.dumps(fields) if as_json else _unseen_line(unseen, zone))
    for line in lines:
        write(line)
    if not lines and not as_json:
        write("Nothing needs attention.")


async def _choose(engine: Engine, transfer_id: int, choice: Choice) -> None:
    who = _who()
    if choice.remedy is Remedy.SEEN:
        # A payment's number may stand for itself and for its surplus: both are seen.
        was_unseen = await engine.announcing.see(transfer_id, who)
        try:
            await engine.attention.choose(transfer_id, choice, who)
        except InputError:
            if not was_unseen:
                raise
        write("Done: written down as seen.")
        return
    await engine.attention.choose(transfer_id, choice, who)
    left = [each for each in await engine.attention.list() if each.transfer.id == transfer_id]
    if left:
        write("Written down: waiting for Blink. A till that is running carries it out.")
    else:
        write("Done: a till that is running goes on with it.")


def _fail(error: TillError) -> int:
    _log.warning("%s", error)
    say(error.sentence)
    return int(exit_of(error))


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody at the command line"


def _hold_fields(hold: Hold) -> dict[str, Any]:
    return {
        "hold": hold.cause.value,
        "held_at": hold.held_at,
        "external_id": hold.external_id,
        "reason": hold.sentence,
        "can_release": hold.can_release,
    }


def _fields(item: AttentionItem) -> dict[str, Any]:
    transfer = item.transfer
    fields: dict[str, Any] = {
        "id": transfer.id,
        "kind": "transfer",
        "payment_hash": item.payment_hash,
        "role": transfer.role.value,
        "recipient": transfer.recipient,
        "sats": transfer.sats,
        "paid_at": item.paid_at,
        "reason": transfer.reason,
        "remedies": sorted(item.remedies),
    }
    if item.choice is not None:
        fields["choice"] = {"remedy": item.choice.remedy.value, "who": item.choice_by}
        if item.choice.recipient:
            fields["choice"]["recipient"] = item.choice.recipient
    if item.paid_retired:
        fields["paid_retired"] = item.paid_retired
    return fields


def _received(kind: str, item: SurplusItem | Announcement) -> dict[str, Any]:
    return {
        "id": item.payment_id,
        "kind": kind,
        "payment_hash": item.payment_hash,
        "sats": item.sats,
        "paid_at": item.paid_at,
        "till": item.till,
        "remedies": [Remedy.SEEN.value],
    }


def _surplus_line(item: SurplusItem, zone: tzinfo | None) -> str:
    return (
        f"{item.payment_id}: {format_sats(item.sats)} more than asked, {item.till}, "
        f"{minute(item.paid_at, zone)}. Kept in the collecting wallet."
    )


def _unseen_line(item: Announcement, zone: tzinfo | None) -> str:
    why = "After its sale was closed: the customer may have paid twice."
    if not item.was_closed:
        why = "No screen showed it."
    return (
        f"{item.payment_id}: {format_sats(item.sats)} came in, {item.till}, "
        f"{minute(item.paid_at, zone)}. {why}"
    )


def _line(item: AttentionItem, zone: tzinfo | None) -> str:
    transfer = item.transfer
    text = (
        f"{transfer.id}: {format_sats(transfer.sats)} to {transfer.recipient}, "
        f"{minute(item.paid_at, zone)}"
    )
    if item.paid_retired:
        return f"{text}. An invoice that had been given up was paid after all."
    if item.choice is None:
        return f"{text}. {transfer.reason}"
    what = item.choice.remedy.value
    if item.choice.recipient:
        what = f"send to {item.choice.recipient}"
    return f"{text}. Waiting for Blink: {what}, chosen by {item.choice_by}."
