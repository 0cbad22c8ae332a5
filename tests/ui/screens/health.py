"""The health panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from blinkpos_desktop.domain.blink import Allowance
from blinkpos_desktop.domain.facts import HealthExamined
from blinkpos_desktop.domain.judging import judge
from blinkpos_desktop.domain.measures import (
    BlinkMeasure,
    DatabaseMeasure,
    DatabaseState,
    KeyMeasure,
    KeyState,
    LedgerMeasure,
    LogMeasure,
    Measures,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.parts import Health
from tests.support.measures import a_well_till
from tests.ui.screens.stage import Stage


def health_looking() -> Stage:
    stage = Stage().ready()
    stage.window.toggle_health()
    return stage


def health_of(measures: Measures) -> Stage:
    stage = Stage(network="regtest").ready()
    stage.window.toggle_health()
    stage.answers.append(HealthExamined(verdicts=judge(measures)))
    return stage


def health() -> Stage:
    return health_of(a_well_till())


def health_trouble() -> Stage:
    measures = a_well_till()
    assert measures.blink is not None
    assert measures.database is not None
    blink = replace(
        measures.blink,
        skew=-42.0,
        allowance=Allowance(remaining_cents=0, total_cents=200_000, seconds=86_400),
    )
    ledger = LedgerMeasure(
        unfinished=3, oldest_unfinished=7_300.0, is_held=False, attention=2, last_backup=200_000.0
    )
    sentence = "Blink's updates are cut off: reconnecting."
    return health_of(
        replace(
            measures,
            blink=blink,
            updates=UpdatesMeasure(health=Health.AWAY, sentence=sentence),
            database=replace(measures.database, ledger=ledger),
            redis=RedisMeasure(health=Health.AWAY),
        )
    )


def health_away() -> Stage:
    sentence = (
        "It can't be reached: connection failed: connection to server at "
        '"database.example", port 5432 failed: Connection refused'
    )
    return health_of(
        Measures(
            blink=BlinkMeasure(
                is_there=False,
                sentence="Blink can't be reached: check the internet connection.",
                key=KeyMeasure(state=KeyState.UNKNOWN, source="the system's keychain"),
            ),
            updates=UpdatesMeasure(health=Health.STARTING),
            database=DatabaseMeasure(
                state=DatabaseState.AWAY, is_embedded=False, sentence=sentence
            ),
            redis=RedisMeasure(health=Health.STARTING),
            log=LogMeasure(
                path="/home/cafe/.local/state/blinkpos/log/blinkpos.log", is_written=False
            ),
        )
    )


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    health_looking,
    health,
    health_trouble,
    health_away,
)
