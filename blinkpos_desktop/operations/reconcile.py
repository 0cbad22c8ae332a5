"""``blinkpos reconcile``: the ledger against Blink's own books, and what is done about it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from blinkpos_desktop.domain.difference import Difference, Report
from blinkpos_desktop.domain.errors import (
    InputError,
    RefusedError,
    SettingsError,
    UnavailableError,
)
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import Step, Transfer, Trouble
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.operations.exits import Exit
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.operations.wording import counted, minute

LOOK_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 300.0
"""For transfers that neither settle nor say why: the till goes on with them."""
_MOST_DAYS: Final = 36_500
_log = logging.getLogger(__name__)


def parse_since(text: str, now: datetime) -> int:
    """Return the Unix seconds of a date, a date with a time, or a number of days before ``now``.

    Raises:
        InputError: it is none of these, or nothing can have happened since.
    """
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_DAYS)):
        return int((now - timedelta(days=min(int(text), _MOST_DAYS))).timestamp())
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=now.tzinfo)
        seconds = max(int(moment.timestamp()), 0)
    except (ValueError, OverflowError) as error:
        raise InputError("--since takes a date such as 2026-08-01, or days such as 7.") from error
    if seconds > now.timestamp():
        raise InputError("--since lies in the future: there is nothing to compare yet.")
    return seconds


async def run(engine: Engine, *, since: int | None, fix: bool, as_json: bool) -> Exit:
    """Compare, tell each difference, and return the exit code."""

    async def forward() -> None:
        await _forward(engine)

    try:
        await engine.open_store()
        await engine.open_blink()
        report = await engine.reconciling.run(
            engine.shop.account, since=since, forward=forward if fix else None
        )
    except UnavailableError as error:
        say(error.sentence)
        return Exit.UNAVAILABLE
    except SettingsError as error:
        say(error.sentence)
        return Exit.BAD_INPUT
    except RefusedError as error:
        say(error.sentence)
        return Exit.REFUSED
    for line in as_lines(report) if as_json else [as_text(report, engine.history.zone)]:
        write(line)
    return Exit.DIFFERS if report.open else Exit.GOOD


async def _forward(engine: Engine) -> None:
    """Pass on what is unfinished, until each transfer has settled or says why it can't."""
    payments = await engine.store.unfinished(engine.shop.account.id)
    tries = {each.id: each.tries for payment in payments for each in payment.transfers}
    for payment in payments:
        forwarding = engine.forwarder.forward(payment.id, at_once=True)
        engine.supervisor.start(f"forward-{payment.id}", forwarding)
    ids = [payment.id for payment in payments]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while ids:
                await asyncio.sleep(LOOK_SECONDS)
                try:
                    current = [await engine.store.payment(each) for each in ids]
                except UnavailableError as error:
                    _log.warning("looking at the forwarding: %s", error)
                    continue
                ids = [each.id for each in current if _is_under_way(each, tries)]
    except TimeoutError:
        say("Not all is passed on yet: the till goes on with it.")


def _is_under_way(payment: Payment, tries: Mapping[int, int]) -> bool:
    if payment.state is PaymentState.COMPLETED:
        return False
    # COMPLETED follows the last transfer at once.
    return payment.is_finished or any(
        not each.is_finished and not _says_why(each, tries.get(each.id, 0))
        for each in payment.transfers
    )


def _says_why(transfer: Transfer, tries: int) -> bool:
    """Whether it has been tried by now, and waits for what passes later or for a person."""
    if transfer.next_step is Step.REST or transfer.trouble is Trouble.OWED:
        return True
    is_waiting = transfer.next_step in {Step.SEND, Step.MAKE_INVOICE}
    return bool(transfer.trouble) and is_waiting and transfer.tries != tries


def as_lines(report: Report) -> list[str]:
    """Return the report as JSON objects; amounts in sats, times in Unix seconds."""
    lines = [_line("difference", each, fixed=True) for each in report.fixed]
    lines += [_line("difference", each, fixed=False) for each in report.open]
    lines += [_line("owed", each, fixed=False) for each in report.debts]
    lines.append(
        json.dumps(
            {
                "event": "reconciled",
                "since": report.since,
                "asked": report.asked,
                "transactions": report.transactions,
                "not_ours": asdict(report.not_ours),
                "found": sum(not each.is_debt for each in report.found),
                "fixed": len(report.fixed),
                "remaining": len(report.open),
                "owed": len(report.debts),
                "held": report.was_held and not report.is_released,
                "released": report.is_released,
            }
        )
    )
    return lines


def _line(event: str, difference: Difference, *, fixed: bool) -> str:
    values: dict[str, Any] = {
        name: value for name, value in asdict(difference).items() if value not in (None, "")
    }
    return json.dumps({"event": event, "fixed": fixed, "sentence": difference.sentence, **values})


def as_text(report: Report, zone: tzinfo | None) -> str:
    """Return the report as lines for a person, with times in the shop's ``zone``."""
    others = report.not_ours
    since = minute(report.since, zone)
    transactions = counted(report.transactions, "transaction")
    looked_at = f"{transactions} at Blink, {counted(report.asked, 'invoice')} asked about"
    lines = [f"Since {since}: {looked_at}."]
    if others.count:
        are = "is" if others.count == 1 else "are"
        lines.append(
            f"{others.count} of them {are} not this ledger's: {format_sats(others.received_sats)} "
            f"in, {format_sats(others.sent_sats)} out."
        )
    lines += [f"Recorded. {each.sentence}" for each in report.fixed]
    lines += [each.sentence for each in (*report.open, *report.debts)]
    if report.is_released:
        lines.append("Nothing differs that a held ledger must wait for: forwarding goes on.")
    elif report.was_held:
        lines.append("The ledger stays held: nothing is forwarded.")
    left = len(report.open)
    if left:
        lines.append(f"{counted(left, 'difference')} {'remains' if left == 1 else 'remain'}.")
    else:
        lines.append("The ledger and Blink agree.")
    return "\n".join(lines)
