"""The table of figures at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

_SALES: Final = (
    "paid",
    "late payment",
    "overpaid",
    "cancelled",
    "no invoice",
    "stopped before its invoice",
    "customer refused",
    "stranger's income",
)
_PERSONS: Final = ("invoice retired", "list not seen")
_SEEN: Final = (
    "seen in green",
    "seen by a person",
    "surplus seen",
    "income unassigned",
    "not seen",
)
_BOOKS: Final = (
    "reconciliation by hand",
    "reconciliation given up",
    "reconcile lost patience",
    "difference recorded",
)
_LEDGER: Final = (
    "restored from a backup",
    "sent by a newer copy",
    "number taken by a newer copy",
    "held: id_taken",
    "held: restored",
    "freed",
)
_DEBTS: Final = ("debt taken along", "debt owed again")
_FAULTS: Final = (
    "Blink:",
    "database",
    "Redis:",
    "update",
    "recipient:",
    "clock",
    "daily",
    "with",
    "notif",
)
_OWN_ROW: Final = ("crash", "nap", "invariants checked", "episodes", "virtual seconds")


def table(figures: Counter[str], *, seconds: float, wrong: int) -> Iterator[str]:
    """Return the lines of the table: each group's sum, and below it what it is made of."""
    sales = figures["sales"]
    yield _row("sales", sales)
    yield from _parts({kind: figures[kind] for kind in _SALES})
    faults = {kind: times for kind, times in figures.items() if kind.startswith(_FAULTS)}
    yield _row("faults injected", sum(faults.values()))
    yield from _parts(dict(sorted(faults.items())))
    yield _row("crashes", figures["crash"])
    yield _row("naps", figures["nap"])
    choices = {kind: times for kind, times in figures.items() if kind.startswith("choice")}
    yield _row("choices", sum(choices.values()))
    yield from _parts(dict(sorted(choices.items())) | {kind: figures[kind] for kind in _PERSONS})
    seen = {kind: figures[kind] for kind in _SEEN}
    yield _row("sales and surpluses seen", sum(seen[kind] for kind in _SEEN[:3]))
    yield from _parts(seen)
    yield _row("reconciliations", figures["reconciliation"])
    yield from _parts({kind: figures[kind] for kind in _BOOKS})
    yield _row("holds", figures["held: id_taken"] + figures["held: restored"])
    yield from _parts({kind: figures[kind] for kind in _LEDGER})
    yield _row("debts under a cent taken along", figures["debt taken along"])
    yield from _parts({"owed again": figures["debt owed again"]})
    yield _row("invariants checked", figures["invariants checked"])
    yield _row("episodes", figures["episodes"])
    yield _row("episodes wrong", wrong)
    yield _row("virtual days", figures["virtual seconds"] // 86_400)
    yield _row("seconds", round(seconds))
    yield _row("sales a second", round(sales / max(seconds, 1e-9)))
    told = {*_SALES, *_PERSONS, *_SEEN, *_BOOKS, *_LEDGER, *_DEBTS, *_OWN_ROW, *faults, *choices}
    told |= {"sales", "reconciliation"}
    assert set(figures) <= told, f"not in the table: {set(figures) - told}"


def _row(name: str, number: int) -> str:
    return f"{name:<40} {number:>12,}"


def _parts(parts: dict[str, int]) -> Iterator[str]:
    for name, number in parts.items():
        if number:
            yield f"  {name:<38} {number:>12,}"
