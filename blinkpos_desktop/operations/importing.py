"""``blinkpos import``: the history of the till before this one, as history and nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from blinkpos_desktop.domain.errors import InputError, TillError
from blinkpos_desktop.domain.imported import GIVEN_UP, event_from, payment_from
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.domain.scrub import Scrubbed
from blinkpos_desktop.operations import origin
from blinkpos_desktop.operations.exits import Exit, exit_of
from blinkpos_desktop.operations.ledger_place import ledger_of
from blinkpos_desktop.operations.origin import Kind, Row
from blinkpos_desktop.operations.progress import ProgressLine
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.operations.wording import counted, minute
from blinkpos_desktop.services.store.imports import (
    Importing,
    Refused,
    UnfinishedPayment,
    Weighed,
    importing,
)
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.whole import TELL_EVERY
from blinkpos_desktop.settings import Settings

_SHOWN: Final = 100
"""Bad rows and payments left to a person that are said one by one; all are counted."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What the command line asked for: by default only what it would do."""

    source: str
    apply: bool = False
    skip_bad: bool = False
    json: bool = False


@dataclass(slots=True)
class _Report:
    rows: int = 0
    bad_count: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    left_out: Scrubbed = field(default_factory=Scrubbed)
    unfinished: list[UnfinishedPayment] = field(default_factory=list)
    unfinished_count: int = 0
    given_up: list[UnfinishedPayment] = field(default_factory=list)
    given_up_count: int = 0
    weighed: Weighed | None = None
    is_done: bool = False

    def refuse(self, line: int, sentence: str) -> None:
        self.bad_count += 1
        if len(self.bad) < _SHOWN:
            self.bad.append((line, sentence))

    def leave_to_person(self, each: UnfinishedPayment) -> None:
        if each.status in GIVEN_UP:
            self.given_up_count += 1
            shown = self.given_up
        else:
            self.unfinished_count += 1
            shown = self.unfinished
        if len(shown) < _SHOWN:
            shown.append(each)


def run(settings: Settings, request: ImportRequest) -> int:
    """Read, weigh, and with ``apply`` keep; tell of it, and return the exit code. Blocks."""
    report = _Report()
    try:
        with _source(request.source) as rows, ledger_of(settings) as conninfo:
            asyncio.run(_make_ready(conninfo, settings))
            _import(conninfo, request, rows, report)
    except TillError as error:
        _log.warning("%s", error)
        say(error.sentence)
        return exit_of(error)
    for line in _as_lines(report) if request.json else _as_text(report, request, settings.timezone):
        write(line)
    return Exit.DIFFERS if report.bad_count else Exit.GOOD


def _source(source: str) -> AbstractContextManager[Iterator[Row]]:
    if re.match(r"postgres(ql)?://", source):
        return origin.connected_to(source)
    return origin.opened(Path(source).expanduser())


async def _make_ready(conninfo: str, settings: Settings) -> None:
    """Bring the ledger's tables up to date, and refuse one that lives elsewhere."""
    store = PostgresStore(conninfo, process=uuid4(), till=settings.till)
    try:
        await store.open()
    finally:
        await store.close()


def _import(conninfo: str, request: ImportRequest, rows: Iterator[Row], report: _Report) -> None:
    with importing(conninfo, dry_run=not request.apply) as target:
        with ProgressLine("Reading") as progress:
            for row in rows:
                _take(target, row, report)
                if report.rows % TELL_EVERY == 0:
                    progress.tell("rows", report.rows, 0)
        for refused in target.refuse():
            report.refuse(refused.line, _sentence(refused))
        report.weighed = target.weigh()
        for each in target.unfinished():
            report.leave_to_person(each)
        if request.apply and (request.skip_bad or not report.bad_count):
            target.keep()
            report.is_done = True


def _take(target: Importing, row: Row, report: _Report) -> None:
    report.rows += 1
    if row.problem:
        report.refuse(row.line, row.problem)
        return
    try:
        if row.kind is Kind.PAYMENT:
            target.take(row.line, payment_from(row.values, row.origin, report.left_out))
        else:
            target.take(row.line, event_from(row.values, report.left_out))
    except InputError as error:
        report.refuse(row.line, error.sentence)


def _sentence(refused: Refused) -> str:
    if refused.why == "ours":
        return f"its payment_hash is this ledger's own payment {refused.other}."
    return f"its payment_hash stands in line {refused.other} already."


def _as_lines(report: _Report) -> Iterator[str]:
    for line, sentence in report.bad:
        yield json.dumps({"event": "bad", "line": line, "sentence": sentence})
    for each in report.unfinished:
        yield json.dumps({"event": "unfinished", **asdict(each)})
    for each in report.given_up:
        yield json.dumps({"event": "may_be_paid", **asdict(each)})
    fields: dict[str, Any] = {
        "event": "imported" if report.is_done else "would_import",
        "rows": report.rows,
        **(asdict(report.weighed) if report.weighed else {}),
        "bad": report.bad_count,
        "unfinished": report.unfinished_count,
        "may_be_paid": report.given_up_count,
        "left_out": report.left_out.count,
    }
    yield json.dumps(fields)


def _as_text(report: _Report, request: ImportRequest, zone: tzinfo | None) -> Iterator[str]:
    weighed = report.weighed
    assert weighed is not None
    yield (
        f"{counted(report.rows, 'row')}: "
        f"{counted(weighed.new, 'new payment')} of {format_sats(weighed.new_sats)}, "
        f"{weighed.further} that are further along than they were, {weighed.known} known already; "
        f"{counted(weighed.new_events, 'new event')}, {weighed.known_events} known already; "
        f"{counted(report.bad_count, 'bad row')}."
    )
    if report.left_out.count:
        yield (
            "Left out, for it is a key or looks like one: "
            f"{counted(report.left_out.count, 'value')}."
        )
    if report.unfinished:
        yield (
            f"{report.unfinished_count} were unfinished in the origin. Nothing is forwarded for "
            "them: look at each, and send by hand what is owed."
        )
        yield from (_unfinished_line(each, zone) for each in report.unfinished)
        yield from _and_more(report.unfinished_count - len(report.unfinished))
    if report.given_up:
        yield (
            f"{report.given_up_count} had failed or expired in the origin, and may have been paid "
            "all the same: look at Blink whether the money came in. Nothing is forwarded for them."
        )
        yield from (_unfinished_line(each, zone) for each in report.given_up)
        yield from _and_more(report.given_up_count - len(report.given_up))
    yield from (f"  line {line}: {sentence}" for line, sentence in report.bad)
    yield from _and_more(report.bad_count - len(report.bad))
    if report.is_done:
        yield "Imported." if weighed.is_news else "Nothing was new: nothing was written."
    elif request.apply:
        yield "Nothing was written. Mend the bad rows, or leave them out with --skip-bad."
    else:
        yield "Nothing was written: this was a look. With --yes it is done."


def _and_more(count: int) -> Iterator[str]:
    if count:
        yield f"  and {count} more"


def _unfinished_line(each: UnfinishedPayment, zone: tzinfo | None) -> str:
    tip = ""
    if each.tip_sats:
        tip = f", {format_sats(each.tip_sats)} of it a tip to {each.tip_recipient or 'somebody'}"
    memo = f": {each.memo}" if each.memo else ""
    return (
        f"  {minute(each.created_at, zone)} {format_sats(each.total_sats)}{tip}, {each.status}, "
        f"hash {each.payment_hash}{memo}"
    )
