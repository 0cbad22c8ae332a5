"""The Tips tab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    TipsFailed,
    TipsLoaded,
)
from blinkpos_desktop.domain.history import Days, Step
from blinkpos_desktop.domain.tips import Period, Scope, TipBar, TipsReport, TipSummary
from tests.ui.fakes import (
    waiting,
)
from tests.ui.screens.stage import Stage


def summary(name: str, count: int, settled: int, under_way: int = 0, stuck: int = 0) -> TipSummary:
    return TipSummary(
        recipient=name,
        count=count,
        sats=settled + under_way + stuck,
        settled_sats=settled,
        open_sats=under_way,
        attention_sats=stuck,
        kept_sats=0,
        last_at=0,
    )


def report_of(
    *rows: TipSummary, days: int, asked: int | None = None, step: Step = Step.DAY
) -> TipsReport:
    """A report with bars of some days each, the last of which are asked for."""
    today, width = stage_day(), {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 30}[step]
    whole, bars = sum(row.sats for row in rows), []
    shares = [(number * 37 + number * number * 11) % 29 for number in range(1, days + 1)]
    for number, share in enumerate(shares):
        last = today - timedelta(days=(days - 1 - number) * width)
        bars.append(
            TipBar(
                days=Days(first=last - timedelta(days=width - 1), last=last),
                sats=whole * share // max(1, sum(shares)),
                count=share,
                is_asked=number >= days - (asked or days),
            )
        )
    return TipsReport(rows=rows, bars=tuple(bars), step=step)


ANA: Final = summary("ana_from_the_kitchen", 17, 9_800, stuck=350)


def tips_of(scope: Scope, report: TipsReport) -> Stage:
    stage = Stage(network="regtest").ready()
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    stage.window.open_tips()
    stage.tips.choose(scope)
    stage.answers.append(TipsLoaded(scope=scope, report=report))
    return stage


def tips() -> Stage:
    rows = summary("elturco", 42, 21_000, 2), ANA, summary("ben", 1, 21)
    return tips_of(Period.TODAY, report_of(*rows, days=7, asked=1))


def tips_month() -> Stage:
    rows = [summary(f"waiter_{number}", 9 - number, 2_100 * number) for number in range(8, 0, -1)]
    report = report_of(ANA, *rows, days=30)
    stage = tips_of(Period.MONTH, report)
    stage.later.append(lambda: stage.tips.tap_bar(report.bars[19]))
    return stage


def tips_all() -> Stage:
    rows = summary("elturco", 104_211, 1_234_567_890), summary("ana", 1_000, 21_000_000, 1)
    return tips_of(Period.ALL, report_of(*rows, days=31, step=Step.MONTH))


def tips_range() -> Stage:
    today = stage_day()
    days = Days(first=today - timedelta(days=400), last=today - timedelta(days=30))
    return tips_of(days, report_of(ANA, days=53, step=Step.WEEK))


def tips_days() -> Stage:
    stage = tips()
    first, last = (stage_day() - timedelta(days=back) for back in (9, 2))
    stage.later += [
        stage.tips.open_days,
        lambda: stage.tips.tap_day(last),
        lambda: stage.tips.tap_day(first),
    ]
    return stage


def tips_loading() -> Stage:
    stage = Stage(network="regtest").ready()
    stage.window.open_tips()
    return stage


def tips_empty() -> Stage:
    return tips_of(Period.WEEK, TipsReport(rows=()))


def tips_failed() -> Stage:
    stage = tips_loading()
    stage.answers.append(TipsFailed(scope=Period.TODAY, sentence="The database cannot be reached."))
    return stage


def stage_day() -> date:
    return datetime.now().astimezone().date()


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    tips,
    tips_month,
    tips_all,
    tips_range,
    tips_days,
    tips_loading,
    tips_empty,
    tips_failed,
)
