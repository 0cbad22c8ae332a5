"""The smaller viewmodels: percentages, words, the status line, the tips."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.transfer import TransferState
from blinkpos_desktop.ui.viewmodels.percent import percent_of, press_percent
from blinkpos_desktop.ui.viewmodels.status import Status
from blinkpos_desktop.ui.viewmodels.words import (
    Tone,
    money_text,
    progress_line,
    sats_text,
    tip_line,
    transfer_line,
)
from tests.ui.fakes import USD, payment_for, sale_of, shop, transfers_of


@pytest.mark.parametrize(
    ("keys", "text", "percent"),
    [
        ("", "", None),
        ("7", "7", Fraction(7)),
        ("7.5", "7.5", Fraction(15, 2)),
        ("7.3", "7.", Fraction(7)),
        ("7.55", "7.5", Fraction(15, 2)),
        ("7.0", "7.0", Fraction(7)),
        ("100", "100", Fraction(100)),
        ("101", "10", Fraction(10)),
        ("1000", "100", Fraction(100)),
        ("100.5", "100.", Fraction(100)),
        ("100.0", "100.0", Fraction(100)),
        ("0", "0", Fraction(0)),
        ("05", "5", Fraction(5)),
        ("00", "0", Fraction(0)),
        (".5", "0.5", Fraction(1, 2)),
        ("..", "0.", Fraction(0)),
        ("7+", "7", Fraction(7)),
        ("75⌫", "7", Fraction(7)),
        ("75C", "", None),
        ("⌫", "", None),
    ],
)
def test_a_percentage_is_typed_in_halves_up_to_a_hundred(
    keys: str, text: str, percent: Fraction | None
) -> None:
    typed = ""
    for key in keys:
        typed = press_percent(typed, Key(key))
    assert typed == text
    assert percent_of(typed) == percent


def test_amounts_are_written_as_people_read_them() -> None:
    assert sats_text(1) == "1 sat"
    assert money_text(Money(minor=21, currency=SATS)) == "21 sats"
    assert money_text(Money(minor=80, currency=USD)) == "$0.80"
    assert money_text(Money(minor=350, currency=Currency(code="CHF", digits=2))) == "CHF 3.50"


def test_the_tip_line_names_the_recipients() -> None:
    payment = payment_for(sale_of())
    assert tip_line(payment) == "with 2 sats tip for elturco"
    assert tip_line(replace(payment, transfers=())) == "with 2 sats tip"
    assert tip_line(payment_for(sale_of(percent=Fraction(0)))) == ""


@pytest.mark.parametrize(
    ("state", "line", "tone"),
    [
        (TransferState.PLANNED, "2 sats to elturco …", Tone.BUSY),
        (TransferState.UNKNOWN, "2 sats to elturco …", Tone.BUSY),
        (TransferState.SETTLED, "2 sats to elturco ✓", Tone.GOOD),
        (TransferState.KEPT, "2 sats kept: So chosen.", Tone.QUIET),
        (TransferState.ATTENTION, "2 sats to elturco need attention: So chosen.", Tone.ALERT),
    ],
)
def test_forwarding_in_words(state: TransferState, line: str, tone: Tone) -> None:
    transfer = replace(transfers_of(21, 2, state)[1], reason="So chosen.")
    assert transfer_line(transfer) == (line, tone)


def test_a_customer_sees_no_trouble() -> None:
    _, tip = transfers_of(21, 2, TransferState.ATTENTION)
    assert progress_line(replace(tip, reason="No wallet.")) == "2 sats to elturco …"
    kept = replace(tip, state=TransferState.KEPT, reason="No merchant is set.")
    assert progress_line(kept) == "2 sats kept"


# -- status -----------------------------------------------------------------------------------


def test_the_parts_are_told_apart_in_words() -> None:
    status = Status()
    assert [part.words for part in status.view.parts] == ["starting…"] * 3
    status.on_fact(PartChanged(part=Part.BLINK, health=Health.OK))
    status.on_fact(PartChanged(part=Part.REDIS, health=Health.OFF))
    status.on_fact(PartChanged(part=Part.POSTGRESQL, health=Health.AWAY, sentence="Stopped."))
    words = {part.part: part.words for part in status.view.parts}
    assert words == {
        Part.BLINK: "connected",
        Part.POSTGRESQL: "Stopped.",
        Part.REDIS: "not used",
    }


def test_the_price_is_a_part_of_its_own_where_fiat_is_sold() -> None:
    status = Status()
    parts = [part.part for part in status.view.parts]
    assert Part.PRICE not in parts, "sats need none"
    status.on_fact(PartChanged(part=Part.PRICE, health=Health.OK))
    assert (status.view.parts[-1].part, status.view.parts[-1].words) == (Part.PRICE, "up to date")
    old = "The price is 3 min old and can't be renewed."
    status.on_fact(PartChanged(part=Part.PRICE, health=Health.AWAY, sentence=old))
    assert status.view.parts[-1].words == old
    status.on_fact(PartChanged(part=Part.PRICE, health=Health.OFF))
    assert [part.part for part in status.view.parts] == parts


def test_the_band_says_that_money_is_not_real() -> None:
    status = Status()
    assert status.view.band == ""
    status.on_fact(shop(network="regtest"))
    assert "regtest" in status.view.band
    assert "nothing here is real" in status.view.band
    status.on_fact(shop(network="mainnet"))
    assert status.view.band == ""


def test_the_band_is_there_early_when_the_network_is_known() -> None:
    assert "signet" in Status(network="signet").view.band


def test_the_band_stays_when_the_till_cannot_sell() -> None:
    status = Status(network="regtest")
    status.on_fact(shop(network="", problem="No key is set."))
    assert "regtest" in status.view.band
