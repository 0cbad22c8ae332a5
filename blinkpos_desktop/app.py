"""The composition root of the commands: settings become one sale without a screen, or a check.

``charge`` never loads Qt. The till with its window is opened by ``opening.py``.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blinkpos_desktop import logs
from blinkpos_desktop import settings as settings_module
from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.errors import InputError, TillError
from blinkpos_desktop.domain.money import SATS, Currency, parse_amount, parse_percent
from blinkpos_desktop.domain.sale import Sale, check_username, parse_recipients
from blinkpos_desktop.operations.interruption import Interruption
from blinkpos_desktop.operations.passphrase import unlocked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from blinkpos_desktop.engine import Engine
    from blinkpos_desktop.operations.charge import ChargeRequest, Teller
    from blinkpos_desktop.settings import Settings

_MOST_DIGITS: Final = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOptions:
    """What ``charge`` was called with, as it was written."""

    amount: str
    currency: str | None
    tip_percent: str
    tip_recipients: list[str]
    memo: str
    timeout: float | None
    json: bool


def charge(options: ChargeOptions, interruption: Interruption) -> int:
    """Make one sale, say what becomes of it, and return the exit code."""
    from blinkpos_desktop.operations.tellers import JsonTeller, PlainTeller, say

    if sys.stdout is None:
        say("Standard output is closed: nobody could be shown the invoice.")
        return 2
    teller = JsonTeller() if options.json else PlainTeller()

    def last_words() -> int:
        teller.tell("cancelled", None)
        return 4

    interruption.end_with(last_words)
    try:
        settings = settings_module.load()
        logs.set_up(settings)
        sale = _sale(settings, options)
        settings = unlocked(settings)
    except TillError as error:
        teller.tell("failed", None, reason=error.sentence)
        say(error.sentence)
        return 2
    from blinkpos_desktop.operations.charge import ChargeRequest

    request = ChargeRequest(
        amount=options.amount,
        currency=sale.currency.code,
        tip_percent=sale.tip_percent,
        recipients=sale.recipients,
        note=sale.note,
        timeout=options.timeout,
    )
    try:
        return asyncio.run(_charge(settings, request, teller, interruption))
    except Exception:
        teller.tell("failed", None, reason="Something went wrong inside: see the log.")
        raise


def _sale(settings: Settings, options: ChargeOptions) -> Sale:
    """Refuse what can't be, whatever Blink says; a currency's own digits are Blink's to say."""
    code = (settings.currency if options.currency is None else options.currency).upper()
    if not re.fullmatch(r"[A-Z0-9]{2,8}", code):
        raise InputError("A currency is SATS or a code such as USD.")
    currency = SATS if code == SATS.code else Currency(code=code, digits=_MOST_DIGITS)
    try:
        options.memo.encode()
    except UnicodeEncodeError as error:
        raise InputError("The memo is not valid text.") from error
    return Sale(
        currency=currency,
        items=(parse_amount(options.amount, currency).minor,),
        tip_percent=parse_percent(options.tip_percent),
        recipients=parse_recipients(options.tip_recipients) or settings.tip_recipients,
        note=options.memo,
    )


async def _charge(
    settings: Settings, request: ChargeRequest, teller: Teller, interruption: Interruption
) -> int:
    from blinkpos_desktop.engine import Engine
    from blinkpos_desktop.operations.charge import Charge, fail

    try:
        engine = Engine(settings, only_own=True)
    except TillError as error:
        return fail(teller, error)
    one = Charge(engine, request, teller)
    loop = asyncio.get_running_loop()
    interruption.end_with(one.cut_short)
    interruption.listen(lambda: loop.call_soon_threadsafe(one.interrupt))
    try:
        return await one.run()
    finally:
        try:
            await engine.stop()
        except (TillError, OSError):
            # What was said stands, and so does the exit code.
            _log.exception("the clean-up failed")


def attention(*, remedy: str | None, transfer_id: int | None, name: str, json: bool) -> int:
    """List what needs a person, or take a choice for one; return the exit code."""
    settings = settings_module.load()
    logs.set_up(settings)
    choice = None
    if remedy is not None:
        recipient = check_username(name.strip()) if remedy == Remedy.SEND else ""
        choice = Choice(remedy=Remedy(remedy), recipient=recipient)
    from blinkpos_desktop.operations import attention as operation

    request = operation.AttentionRequest(transfer_id=transfer_id, choice=choice, json=json)
    return asyncio.run(operation.run(settings, request))


def audit(*, as_json: bool) -> int:
    """Prove the books over all history; return the exit code."""

    async def work(engine: Engine) -> int:
        from blinkpos_desktop.operations import audit as operation

        return await operation.run(engine, as_json=as_json)

    return asyncio.run(_operate(work))


def reconcile(*, since: str | None, fix: bool, as_json: bool) -> int:
    """Compare the ledger with Blink's own books; return the exit code."""
    from blinkpos_desktop.operations import reconcile as operation

    now = datetime.now(UTC).astimezone(settings_module.load().timezone)
    start = None if since is None else operation.parse_since(since, now)

    async def work(engine: Engine) -> int:
        return await operation.run(engine, since=start, fix=fix, as_json=as_json)

    return asyncio.run(_operate(work, with_key=True))


def key(*, what: str, kind: str, to_file: bool, as_json: bool) -> int:
    """Store, check or forget a Blink key; return the exit code."""
    from blinkpos_desktop.operations import keys as operation

    settings = settings_module.load()
    logs.set_up(settings)
    return operation.run(
        unlocked(settings) if what == "check" else settings,
        what=what,
        kind=kind,
        to_file=to_file,
        as_json=as_json,
    )


def doctor(*, as_json: bool) -> int:
    """Look at all that the till rests on; return the exit code."""
    settings = settings_module.load()
    # What it finds it says itself.
    logs.set_up(settings, to_stderr=logging.CRITICAL)
    from blinkpos_desktop.operations import doctor as operation

    settings = unlocked(settings)

    async def work() -> int:
        code = await operation.run(settings, as_json=as_json)
        operation.leave_soon(code)
        return code

    return asyncio.run(work())


def backup(*, to: str | None, daily: bool, as_json: bool) -> int:
    """Put the whole ledger into one file and prove it; return the exit code."""
    settings = _for_owner()
    from blinkpos_desktop.operations import backup as operation

    folder = None if to is None else Path(to).expanduser()
    return operation.run(settings, operation.BackupRequest(to=folder, daily=daily, json=as_json))


def restore(*, file: str, as_json: bool) -> int:
    """Put a backup into an empty database; return the exit code."""
    settings = _for_owner()
    from blinkpos_desktop.operations import restore as operation

    request = operation.RestoreRequest(file=Path(file).expanduser(), json=as_json)
    return operation.run(settings, request)


def move_to(*, url: str, undo: bool, as_json: bool) -> int:
    """Move the built-in database's ledger to a server; return the exit code."""
    settings = _for_owner()
    from blinkpos_desktop.operations import move as operation

    return operation.run(settings, operation.MoveRequest(url=url, undo=undo, json=as_json))


def import_history(*, source: str, apply: bool, skip_bad: bool, as_json: bool) -> int:
    """Take over the history of the till before this one; return the exit code."""
    settings = _for_owner()
    from blinkpos_desktop.operations import importing as operation

    return operation.run(
        settings,
        operation.ImportRequest(source=source, apply=apply, skip_bad=skip_bad, json=as_json),
    )


def _for_owner() -> Settings:
    """Read the settings for a command that blocks, which SIGTERM ends as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = settings_module.load()
    logs.set_up(settings)
    return settings


def show(key: str, *, as_json: bool) -> int:
    """Tell all that happened to a payment; return the exit code."""
    from blinkpos_desktop.operations import show as operation

    wanted = operation.parse_key(key)

    async def work(engine: Engine) -> int:
        return await operation.run(engine, wanted, as_json=as_json)

    return asyncio.run(_operate(work))


async def _operate(work: Callable[[Engine], Awaitable[int]], *, with_key: bool = False) -> int:
    """Do one thing with an engine that doesn't sell, and clean up after it."""
    settings = settings_module.load()
    logs.set_up(settings)
    if with_key:
        settings = unlocked(settings)
    from blinkpos_desktop.engine import Engine

    engine = Engine(settings, only_own=True)
    try:
        return await work(engine)
    finally:
        try:
            await engine.stop()
        except (TillError, OSError):
            # What was said stands, and so does the exit code.
            _log.exception("the clean-up failed")
