"""The keypad: what is typed, and what it says when it can't sell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.facts import ChargeFailed, PaymentClosed, SightChanged
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import PaymentState
from tests.ui.fakes import (
    USD,
)
from tests.ui.screens.stage import Stage


def empty() -> Stage:
    return Stage().ready()


def starting() -> Stage:
    return Stage(network="regtest").type("21")


def typing() -> Stage:
    return Stage(currency=USD).ready().type("1250")


def items() -> Stage:
    return Stage(currency=USD, network="regtest").ready().type("3.50+2.00+12.7")


def many_digits() -> Stage:
    return Stage().ready().type("98765432101234+9")


def full() -> Stage:
    return Stage(currency=USD).ready().type("987654321012.34")


def offline() -> Stage:
    stage = Stage().ready().type("2100")
    sentence = "Blink cannot be reached. Check the internet connection."
    stage.tell(PartChanged(part=Part.BLINK, health=Health.AWAY, sentence=sentence))
    return stage


def error() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.till.ok()
    stage.till.choose_tip(Fraction(0))
    stage.tell(ChargeFailed(sentence="Blink did not answer in time. Press OK to try again."))
    return stage


def expired() -> Stage:
    stage = Stage().ready().type("21")
    payment = stage.invoice()
    stage.tell(PaymentClosed(payment=replace(payment, state=PaymentState.EXPIRED)))
    return stage


def unseen() -> Stage:
    stage = Stage(network="regtest").ready().type("2100")
    stage.tell(SightChanged(can_see=False))
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    empty,
    starting,
    typing,
    items,
    many_digits,
    full,
    offline,
    error,
    expired,
    unseen,
)
