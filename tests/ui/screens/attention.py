"""The Attention tab, and its badge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    ChoiceFailed,
)
from blinkpos_desktop.ui.viewmodels.attention import Attention
from tests.ui.fakes import (
    surplus_of,
    waiting,
)
from tests.ui.screens.stage import Stage


def attention_badge() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    return stage


def attention() -> Stage:
    stage = attention_badge()
    stage.window.open_attention()
    return stage


def attention_waiting() -> Stage:
    stage = Stage().ready()
    choice = Choice(remedy=Remedy.SEND, recipient="ana_from_the_kitchen")
    items = (
        waiting(1, choice=choice, choice_by="somebody at the till"),
        waiting(2, paid_retired="ab" * 32),
    )
    stage.tell(AttentionChanged(items=items))
    stage.window.open_attention()
    return stage


def attention_asking() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1),)))
    stage.window.open_attention()
    model = stage.window.findChild(Attention)
    assert model is not None
    model.choose(1, Remedy.SEND)
    model.type_name("ana")
    return stage


def attention_failed() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1),)))
    stage.window.open_attention()
    stage.tell(ChoiceFailed(transfer_id=1, sentence="Blink knows nobody named ana_from."))
    return stage


def attention_foreign() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1, is_foreign=True),)))
    stage.window.open_attention()
    return stage


def attention_surplus() -> Stage:
    stage = Stage().ready()
    stage.tell(AttentionChanged(items=(waiting(1),), surpluses=(surplus_of(2),)))
    stage.window.open_attention()
    model = stage.window.findChild(Attention)
    assert model is not None
    model.choose(surplus_of(2).payment_id, Remedy.SEEN)
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    attention_badge,
    attention,
    attention_waiting,
    attention_asking,
    attention_failed,
    attention_foreign,
    attention_surplus,
)
