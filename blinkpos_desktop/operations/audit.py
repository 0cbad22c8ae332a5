"""``blinkpos audit``: proves the books over all history, and says what breaks them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from blinkpos_desktop.domain.audit import Audit
from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.operations.exits import Exit
from blinkpos_desktop.operations.tellers import say, write


async def run(engine: Engine, *, as_json: bool) -> Exit:
    """Audit the ledger, tell the books and the findings, and return the exit code."""
    try:
        await engine.open_store()
        books = await engine.audit()
    except SettingsError as error:
        say(error.sentence)
        return Exit.BAD_INPUT
    except UnavailableError as error:
        say(error.sentence)
        return Exit.UNAVAILABLE
    write(json.dumps(as_object(books)) if as_json else as_text(books))
    return Exit.GOOD if books.holds else Exit.DIFFERS


def as_object(books: Audit) -> dict[str, Any]:
    """Return the audit as one JSON object; amounts in sats, times in Unix seconds."""
    fields = asdict(books)
    for shown, finding in zip(fields["findings"], books.findings, strict=True):
        shown["sentence"] = finding.sentence
    return {"event": "audit", "holds": books.holds, **fields}


def as_text(books: Audit) -> str:
    """Return the audit as lines for a person."""
    lines = [f"{books.payments} paid payments"]
    lines += [
        f"{name:>9}: {format_sats(getattr(books, f'{name}_sats'))}"
        for name in ("received", "sent", "kept", "owed", "surplus", "fees")
    ]
    lines += [
        f"Payment {each.payment_id}: a surplus of {format_sats(each.sats)} is kept."
        for each in books.surpluses
    ]
    lines += [finding.sentence for finding in books.findings]
    lines.append("The books balance." if books.holds else "The books do not hold.")
    return "\n".join(lines)
