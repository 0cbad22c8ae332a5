"""When somebody is told, and in which words."""

from __future__ import annotations

import pytest

from blinkpos_desktop.domain.alarm import (
    DATABASE_AWAY_SECONDS,
    Alert,
    AlertKind,
    Outage,
    attention_over,
    attention_sentence,
    backup_sentence,
    database_sentence,
)
from tests.ui.fakes import waiting

DAY = 24 * 3600


def test_an_outage_is_told_after_five_minutes_once_and_its_end_once() -> None:
    outage = Outage().seen(away=True, now=100.0)
    assert outage.due(100.0 + DATABASE_AWAY_SECONDS - 1) is None
    # Away again and again is one outage.
    outage = outage.seen(away=True, now=200.0)
    assert outage.due(100.0 + DATABASE_AWAY_SECONDS) is True
    outage = outage.told(away=True)
    assert outage.due(10_000.0) is None
    outage = outage.seen(away=False, now=10_001.0)
    assert outage.due(10_001.0) is False
    outage = outage.told(away=False)
    assert outage == Outage()
    assert outage.due(20_000.0) is None


def test_a_short_outage_is_nobodys_business() -> None:
    outage = Outage().seen(away=True, now=100.0).seen(away=False, now=200.0)
    assert outage.due(1000.0) is None
    assert outage.seen(away=True, now=300.0).due(300.0 + DATABASE_AWAY_SECONDS - 1) is None


def test_an_outage_that_comes_back_before_its_end_was_told_is_still_that_one() -> None:
    outage = Outage().seen(away=True, now=0.0).told(away=True).seen(away=False, now=400.0)
    outage = outage.seen(away=True, now=401.0)
    assert outage.due(10_000.0) is None
    assert outage.seen(away=False, now=10_001.0).due(10_001.0) is False


@pytest.mark.parametrize(
    ("age", "text"), [(DAY + 3700, "for a day"), (2.9 * DAY, "for 2 days"), (9 * DAY, "9 days")]
)
def test_no_backup_is_told_in_days(age: float, text: str) -> None:
    assert text in backup_sentence(age)


def test_what_is_sent_is_one_plain_sentence() -> None:
    sentence = attention_sentence(waiting(7))
    assert sentence.startswith("2 sats to elturco can't go on without a person")
    assert sentence.endswith("its owner must ask Blink.")
    assert attention_over(sentence) == f"It is over: {sentence}"
    assert "was paid after all" in attention_sentence(waiting(7, paid_retired="ab" * 32))
    alert = Alert(
        id=3, kind=AlertKind.DATABASE, sentence=database_sentence("bar"), is_over=False, at=5
    )
    assert alert.body("bar") == {
        "text": "The till bar has not reached the database for five minutes: it can't sell.",
        "alert": "database",
        "state": "raised",
        "id": 3,
        "till": "bar",
        "at": 5,
    }
