"""The verdict on the price: for the health panel, ``blinkpos doctor`` and the status line alike."""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.domain.health import Check, Finding, Mark, Value, Verdict
from blinkpos_desktop.domain.measures import PriceMeasure
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.pricing import is_clock_ahead, is_fresh, is_usable, of_a_bitcoin

_MARKS: Final = {
    Finding.NOT_KNOWN: Mark.WARNING,
    Finding.PRICE_NOT_NEEDED: Mark.OK,
    Finding.PRICE_NO_CURRENCY: Mark.FAILING,
    Finding.PRICE_FRESH: Mark.OK,
    Finding.PRICE_OLD: Mark.WARNING,
    Finding.PRICE_NONE: Mark.FAILING,
    Finding.PRICE_MOVED: Mark.WARNING,
    Finding.PRICE_CLOCK: Mark.WARNING,
    Finding.PRICE_CLOCK_STOPS: Mark.FAILING,
}


def price_verdict(measure: PriceMeasure | None, *, is_blink_there: bool = True) -> Verdict:
    """Return whether the shop's currency can be sold; not known where Blink could not be asked."""
    finding = Finding.NOT_KNOWN if measure is None else _finding(measure)
    values = {} if measure is None else _values(measure)
    if finding is Finding.PRICE_NONE and "bitcoin" not in values and not is_blink_there:
        # Whatever is wrong with Blink is said where Blink is.
        finding = Finding.NOT_KNOWN
    return Verdict(check=Check.PRICE, mark=_MARKS[finding], finding=finding, values=values)


def _finding(measure: PriceMeasure) -> Finding:
    if measure.code.upper() == SATS.code:
        return Finding.PRICE_NOT_NEEDED
    if not measure.is_listed:
        return Finding.PRICE_NO_CURRENCY
    if measure.age is None:
        return Finding.PRICE_NONE if measure.is_failing else Finding.NOT_KNOWN
    # One that is only due for its minute's renewal is no trouble yet.
    if measure.is_failing and not is_fresh(measure.age):
        return _finding_of_old(measure.age, measure.skew)
    return Finding.PRICE_FRESH if measure.move is None else Finding.PRICE_MOVED


def _finding_of_old(age: float, skew: float | None) -> Finding:
    if is_clock_ahead(age, skew):
        return Finding.PRICE_CLOCK if is_usable(age) else Finding.PRICE_CLOCK_STOPS
    return Finding.PRICE_OLD if is_usable(age) else Finding.PRICE_NONE


def _values(measure: PriceMeasure) -> dict[str, Value]:
    values: dict[str, Value] = {"currency": measure.code.upper()}
    if measure.age is not None:
        values["age_seconds"] = round(max(measure.age, 0))
    if measure.skew is not None:
        values["ahead_seconds"] = round(max(measure.skew, 0))
    if measure.price is not None:
        values["bitcoin"] = str(of_a_bitcoin(measure.price))
    if measure.move is not None:
        values["before"] = str(of_a_bitcoin(measure.move.before))
        values["minutes"] = measure.move.minutes
    return values
