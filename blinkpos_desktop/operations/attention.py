"""``blinkpos attention``: what waits for a person, and his choices, without a screen."""

from __future__ import annotations

import getpass
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from blinkpos_desktop.domain.attention import AttentionItem, Choice
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.hold import Hold
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.operations.charge import exit_of
from blinkpos_desktop.operations.tellers import say, write
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
    items, hold = await engine.attention.list(), await engine.attention.hold()
    if hold is not None:
        write(json.dumps(_hold_fields(hold)) if as_json else f"Held. {hold.sentence}")
    for item in items:
        write(json.dumps(_fields(item)) if as_json else _line(item))
    if not items and hold is None and not as_json:
        write("Nothing needs attention.")


async def _choose(engine: Engine, transfer_id: int, choice: Choice) -> None:
    await engine.attention.choose(transfer_id, choice, _who())
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


def _line(item: AttentionItem) -> str:
    transfer, at = item.transfer, datetime.fromtimestamp(item.paid_at, UTC).astimezone()
    text = (
        f"{transfer.id}: {format_sats(transfer.sats)} to {transfer.recipient}, {at:%Y-%m-%d %H:%M}"
    )
    if item.paid_retired:
        return f"{text}. An invoice that had been given up was paid after all."
    if item.choice is None:
        return f"{text}. {transfer.reason}"
    what = item.choice.remedy.value
    if item.choice.recipient:
        what = f"send to {item.choice.recipient}"
    return f"{text}. Waiting for Blink: {what}, chosen by {item.choice_by}."
