"""Verdicts: which measure is well, which may become trouble, which must be mended, in words."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from typing import Any

import pytest

from blinkpos_desktop.domain.blink import Allowance, Scope
from blinkpos_desktop.domain.health import Check, Finding, Mark, Verdict, worst
from blinkpos_desktop.domain.health_words import MARKS, NAMES, SENTENCES, shown, words
from blinkpos_desktop.domain.judging import judge
from blinkpos_desktop.domain.measures import (
    DatabaseState,
    Hearing,
    History,
    KeyMeasure,
    KeyState,
    LogMeasure,
    Measures,
    PoolMeasure,
    PriceMeasure,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.pricing import PriceMove
from blinkpos_desktop.operations.doctor import as_object, as_text
from tests.support.measures import a_well_till

OK, WARNING, FAILING = Mark.OK, Mark.WARNING, Mark.FAILING
F = Finding
HOUR, DAY = 3600.0, 24 * 3600.0


def changed(part: str, **values: Any) -> Measures:  # noqa: ANN401 (of any measure)
    well = a_well_till()
    return replace(well, **{part: replace(getattr(well, part), **values)})


def key(state: KeyState, **values: Any) -> Measures:  # noqa: ANN401
    return changed("blink", key=KeyMeasure(state=state, source="the environment", **values))


def accepted(*scopes: Scope, has_payer: bool = False) -> Measures:
    well = a_well_till()
    assert well.blink is not None
    assert well.blink.key.account is not None
    account = replace(well.blink.key.account, scopes=frozenset(scopes), username=None)
    return key(KeyState.ACCEPTED, account=account, has_payer=has_payer)


def ledger(**values: Any) -> Measures:  # noqa: ANN401
    well = a_well_till().database
    assert well is not None
    assert well.ledger is not None
    return changed("database", ledger=replace(well.ledger, **values))


def allowed(left: int) -> Measures:
    return changed(
        "blink",
        allowance=Allowance(remaining_cents=left, total_cents=100_000, seconds=86_400),
    )


def away() -> Measures:
    return changed("database", state=DatabaseState.AWAY, sentence="Refused.", ledger=None)


def redis(**values: Any) -> Measures:  # noqa: ANN401
    return changed("redis", **values)


def pool(**values: Any) -> Measures:  # noqa: ANN401
    return changed("pool", **values)


def price(**values: Any) -> Measures:  # noqa: ANN401
    return changed("price", **values)


def moved() -> PriceMove:
    well = a_well_till().price
    assert well is not None
    assert well.price is not None
    after = replace(well.price, base=well.price.base * 2, as_of=well.price.as_of + 300)
    return PriceMove(before=well.price, price=after)


def no_price_of_a_blink_that_is_away() -> Measures:
    none = PriceMeasure(code="USD", is_failing=True)
    return replace(changed("blink", is_there=False, sentence="Away."), price=none)


NOTHING = Measures()
CASES: tuple[tuple[Measures, Check, Mark, Finding], ...] = (
    (NOTHING, Check.BLINK, FAILING, F.SILENT),
    (NOTHING, Check.KEY, WARNING, F.NOT_KNOWN),
    (NOTHING, Check.UPDATES, FAILING, F.SILENT),
    (NOTHING, Check.DATABASE, FAILING, F.SILENT),
    (NOTHING, Check.ATTENTION, WARNING, F.NOT_KNOWN),
    (NOTHING, Check.DISK, WARNING, F.NOT_KNOWN),
    (NOTHING, Check.LOG, WARNING, F.NOT_KNOWN),
    (NOTHING, Check.REDIS, WARNING, F.REDIS_AWAY),
    (a_well_till(), Check.BLINK, OK, F.BLINK_THERE),
    (changed("blink", is_there=False, sentence="Away."), Check.BLINK, FAILING, F.BLINK_AWAY),
    (changed("blink", latency=3.1), Check.BLINK, WARNING, F.BLINK_SLOW),
    (key(KeyState.MISSING), Check.KEY, FAILING, F.KEY_MISSING),
    (key(KeyState.UNREADABLE, sentence="Locked."), Check.KEY, FAILING, F.KEY_UNREADABLE),
    (key(KeyState.REFUSED, sentence="Wrong."), Check.KEY, FAILING, F.KEY_REFUSED),
    (key(KeyState.UNKNOWN), Check.KEY, WARNING, F.NOT_KNOWN),
    (accepted(Scope.READ, Scope.RECEIVE), Check.KEY, FAILING, F.KEY_LACKS),
    (accepted(*Scope), Check.KEY, OK, F.KEY_GOOD),
    (accepted(*Scope, has_payer=True), Check.KEY, OK, F.KEYS_GOOD),
    (a_well_till(), Check.UPDATES, OK, F.UPDATES_COME),
    (
        changed("updates", health=Health.AWAY, sentence="Cut."),
        Check.UPDATES,
        FAILING,
        F.UPDATES_CUT,
    ),
    (changed("updates", health=Health.STARTING), Check.UPDATES, WARNING, F.UPDATES_STARTING),
    (changed("updates", health=Health.OFF), Check.UPDATES, WARNING, F.NOT_KNOWN),
    (changed("blink", skew=None), Check.CLOCK, WARNING, F.NOT_KNOWN),
    (changed("blink", skew=-9.9), Check.CLOCK, OK, F.CLOCK_GOOD),
    (changed("blink", skew=11.0), Check.CLOCK, WARNING, F.CLOCK_AHEAD),
    (changed("blink", skew=-101.0), Check.CLOCK, FAILING, F.CLOCK_BEHIND),
    (NOTHING, Check.PRICE, WARNING, F.NOT_KNOWN),
    (price(code="SATS", price=None, age=None), Check.PRICE, OK, F.PRICE_NOT_NEEDED),
    (price(code="XYZ", is_listed=False, age=None), Check.PRICE, FAILING, F.PRICE_NO_CURRENCY),
    (price(age=None), Check.PRICE, WARNING, F.NOT_KNOWN),
    (price(price=None, age=None, is_failing=True), Check.PRICE, FAILING, F.PRICE_NONE),
    (a_well_till(), Check.PRICE, OK, F.PRICE_FRESH),
    # Due for its minute's renewal, or failing and new enough all the same.
    (price(age=130.0), Check.PRICE, OK, F.PRICE_FRESH),
    (price(age=119.0, is_failing=True), Check.PRICE, OK, F.PRICE_FRESH),
    (price(age=120.0, is_failing=True), Check.PRICE, WARNING, F.PRICE_OLD),
    (price(age=600.0, is_failing=True), Check.PRICE, FAILING, F.PRICE_NONE),
    (price(age=600.0, is_failing=True, skew=-600), Check.PRICE, FAILING, F.PRICE_NONE),
    (price(age=300.0, is_failing=True, skew=290.0), Check.PRICE, WARNING, F.PRICE_CLOCK),
    (price(age=720.0, is_failing=True, skew=700.0), Check.PRICE, FAILING, F.PRICE_CLOCK_STOPS),
    (price(move=moved()), Check.PRICE, WARNING, F.PRICE_MOVED),
    (no_price_of_a_blink_that_is_away(), Check.PRICE, WARNING, F.NOT_KNOWN),
    (changed("blink", allowance=None), Check.ALLOWANCE, WARNING, F.NOT_KNOWN),
    (allowed(0), Check.ALLOWANCE, FAILING, F.ALLOWANCE_GONE),
    (allowed(19_999), Check.ALLOWANCE, WARNING, F.ALLOWANCE_SMALL),
    (allowed(20_000), Check.ALLOWANCE, OK, F.ALLOWANCE_LEFT),
    (away(), Check.DATABASE, FAILING, F.DATABASE_AWAY),
    (away(), Check.MIGRATIONS, WARNING, F.NOT_KNOWN),
    (changed("database", state=DatabaseState.ASLEEP), Check.DATABASE, WARNING, F.DATABASE_ASLEEP),
    (changed("database", state=DatabaseState.MOVED), Check.DATABASE, FAILING, F.DATABASE_MOVED),
    (changed("database", state=DatabaseState.MOVING), Check.DATABASE, FAILING, F.DATABASE_MOVING),
    (
        changed("database", state=DatabaseState.NOT_MADE),
        Check.DATABASE,
        WARNING,
        F.DATABASE_NOT_MADE,
    ),
    (a_well_till(), Check.DATABASE, OK, F.DATABASE_EMBEDDED),
    (changed("database", is_embedded=False), Check.DATABASE, OK, F.DATABASE_SERVER),
    (changed("database", is_standby=True), Check.DATABASE, FAILING, F.DATABASE_STANDBY),
    (changed("database", major=14), Check.DATABASE, FAILING, F.DATABASE_OLD),
    (changed("database", major=15), Check.DATABASE, OK, F.DATABASE_EMBEDDED),
    (changed("database", major=19), Check.DATABASE, WARNING, F.DATABASE_NEW),
    (changed("database", latency=0.2), Check.DATABASE, WARNING, F.DATABASE_SLOW),
    (changed("database", history=None), Check.MIGRATIONS, WARNING, F.NOT_KNOWN),
    (changed("database", history=History.NONE), Check.MIGRATIONS, WARNING, F.MIGRATIONS_NONE),
    (changed("database", history=History.OLDER), Check.MIGRATIONS, WARNING, F.MIGRATIONS_OLDER),
    (changed("database", history=History.NEWER), Check.MIGRATIONS, FAILING, F.MIGRATIONS_NEWER),
    (changed("database", history=History.OTHER), Check.MIGRATIONS, FAILING, F.MIGRATIONS_OTHER),
    (a_well_till(), Check.MIGRATIONS, OK, F.MIGRATIONS_CURRENT),
    (changed("database", connections=None), Check.CONNECTIONS, WARNING, F.NOT_KNOWN),
    (changed("database", connections=54), Check.CONNECTIONS, WARNING, F.CONNECTIONS_CROWDED),
    (pool(waiting=1), Check.CONNECTIONS, WARNING, F.CONNECTIONS_WAIT),
    (a_well_till(), Check.CONNECTIONS, OK, F.CONNECTIONS_OF_TILL),
    (replace(a_well_till(), pool=None), Check.CONNECTIONS, OK, F.CONNECTIONS_GOOD),
    (changed("database", hearing=Hearing.ASKING), Check.CONNECTIONS, OK, F.CONNECTIONS_ASKING),
    (
        changed("database", hearing=Hearing.PAST_POOLER),
        Check.CONNECTIONS,
        OK,
        F.CONNECTIONS_PAST_POOLER,
    ),
    (changed("database", hearing=Hearing.DEAF), Check.CONNECTIONS, WARNING, F.CONNECTIONS_DEAF),
    (changed("disk", free=50 << 20), Check.DISK, FAILING, F.DISK_FULL),
    (changed("disk", free=500 << 20), Check.DISK, WARNING, F.DISK_LITTLE),
    (a_well_till(), Check.DISK, OK, F.DISK_GOOD),
    (redis(health=Health.OFF), Check.REDIS, OK, F.REDIS_OFF),
    (redis(health=Health.STARTING), Check.REDIS, WARNING, F.REDIS_STARTING),
    (redis(health=Health.AWAY), Check.REDIS, WARNING, F.REDIS_AWAY),
    (redis(health=Health.AWAY, sentence="Refused."), Check.REDIS, WARNING, F.REDIS_TROUBLE),
    (redis(is_replica=True), Check.REDIS, WARNING, F.REDIS_REPLICA),
    (redis(version=""), Check.REDIS, WARNING, F.REDIS_UNTOLD),
    (redis(sentinels=3), Check.REDIS, OK, F.REDIS_WATCHED),
    (redis(version="6.2.7"), Check.REDIS, WARNING, F.REDIS_OLD),
    (redis(latency=0.2), Check.REDIS, WARNING, F.REDIS_SLOW),
    (redis(memory=91, most_memory=100), Check.REDIS, WARNING, F.REDIS_FULL),
    (redis(memory=91, most_memory=100, policy="allkeys-lru"), Check.REDIS, OK, F.REDIS_GOOD),
    (redis(version="valkey"), Check.REDIS, OK, F.REDIS_GOOD),
    (ledger(last_backup=None), Check.BACKUP, WARNING, F.BACKUP_NONE),
    (ledger(last_backup=DAY + HOUR - 1), Check.BACKUP, OK, F.BACKUP_GOOD),
    (ledger(last_backup=DAY + HOUR + 1), Check.BACKUP, WARNING, F.BACKUP_OLD),
    (ledger(last_backup=8 * DAY), Check.BACKUP, FAILING, F.BACKUP_OLD),
    (changed("log", is_written=False), Check.LOG, WARNING, F.LOG_MISSING),
    (a_well_till(), Check.LOG, OK, F.LOG_GOOD),
    (ledger(unfinished=2, oldest_unfinished=60.0), Check.UNFINISHED, OK, F.UNFINISHED_SOME),
    (ledger(unfinished=2, oldest_unfinished=HOUR), Check.UNFINISHED, WARNING, F.UNFINISHED_LONG),
    (ledger(is_held=True), Check.UNFINISHED, FAILING, F.UNFINISHED_HELD),
    (a_well_till(), Check.UNFINISHED, OK, F.UNFINISHED_NONE),
    (ledger(attention=1), Check.ATTENTION, WARNING, F.ATTENTION_SOME),
    (a_well_till(), Check.ATTENTION, OK, F.ATTENTION_NONE),
)


def verdict_of(measures: Measures, check: Check) -> Verdict:
    return next(each for each in judge(measures) if each.check is check)


@pytest.mark.parametrize(("measures", "check", "mark", "finding"), CASES)
def test_a_measure_has_its_verdict(
    measures: Measures, check: Check, mark: Mark, finding: Finding
) -> None:
    verdict = verdict_of(measures, check)
    assert (verdict.mark, verdict.finding) == (mark, finding)


@pytest.mark.parametrize("measures", [case[0] for case in CASES])
def test_every_check_has_one_verdict_in_words_that_say_what_to_do(measures: Measures) -> None:
    verdicts = judge(measures)
    assert [each.check for each in verdicts] == list(Check)
    for verdict in verdicts:
        state, remedy = words(verdict)
        assert state
        assert "{" not in state + remedy
        # Nothing is to do where all is well, and where another check says it.
        assert bool(remedy) == (verdict.mark is not OK and verdict.finding is not F.NOT_KNOWN)
    told = json.loads(json.dumps(as_object(verdicts)))
    assert [each["check"] for each in told["checks"]] == [check.value for check in Check]
    lines = as_text(verdicts).splitlines()
    assert sum(line.startswith(tuple(MARKS.values())) for line in lines) == len(Check)


def test_every_finding_can_be_found_and_has_its_words() -> None:
    found = {each.finding for measures, *_ in CASES for each in judge(measures)}
    assert found == set(Finding) == set(SENTENCES)
    assert set(NAMES) == set(Check)
    fields = {
        name
        for texts in SENTENCES.values()
        for text in texts
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    assert "sentence" in fields


def test_all_is_well_and_the_worst_counts() -> None:
    assert worst(judge(a_well_till())) is OK
    assert worst(judge(ledger(attention=1))) is WARNING
    assert worst(judge(replace(ledger(attention=1), updates=None))) is FAILING
    assert worst(()) is OK


def test_a_long_unfinished_sale_and_a_used_up_limit_in_words() -> None:
    assert words(verdict_of(ledger(unfinished=2, oldest_unfinished=7300.0), Check.UNFINISHED)) == (
        "2, the oldest paid 2 h ago.",
        "See what needs attention; else blinkpos reconcile --fix takes them up.",
    )
    state, _ = words(verdict_of(ledger(is_held=True), Check.UNFINISHED))
    assert state.startswith("0 unfinished. Forwarding is held: ")
    state, _ = words(verdict_of(allowed(19_999), Check.ALLOWANCE))
    assert state == "$199.99 of $1\N{NARROW NO-BREAK SPACE}000.00 are left."
    log = replace(a_well_till(), log=LogMeasure(path="/x/{y}.log", is_written=True))
    assert words(verdict_of(log, Check.LOG)) == ("/x/{y}.log", "")


def test_a_translation_is_filled_like_the_original() -> None:
    verdict = verdict_of(changed("blink", skew=11.4), Check.CLOCK)
    state, remedy = words(verdict, lambda text: f"«{text}»")
    assert state == "«This machine's clock is 11 s ahead of Blink's.»"
    assert remedy.startswith("«")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("a_seconds", 0.0004, "1 ms"),
        ("a_seconds", 0.42, "420 ms"),
        ("a_seconds", 3.14, "3.1 s"),
        ("a_seconds", 42.4, "42 s"),
        ("a_seconds", 150, "2 min"),
        ("a_seconds", 47 * HOUR, "47 h"),
        ("a_seconds", 49 * HOUR, "2 d"),
        ("a_bytes", 0, "0 bytes"),
        ("a_bytes", 1023, "1023 bytes"),
        ("a_bytes", 1536, "1.5 KiB"),
        ("a_bytes", 66 << 30, "66 GiB"),
        ("a_bytes", 3 << 50, "3072 TiB"),
        ("a_cents", 5, "$0.05"),
        ("count", 7, "7"),
        ("version", "18.4", "18.4"),
    ],
)
def test_a_value_is_shown_with_its_unit(name: str, value: float | str, text: str) -> None:
    assert shown(name, value) == text


def test_pools_and_sockets_that_nobody_has_are_no_trouble() -> None:
    quiet = replace(
        a_well_till(),
        pool=PoolMeasure(size=1, most=4, lent=0, waiting=0),
        redis=RedisMeasure(health=Health.OFF),
        updates=UpdatesMeasure(health=Health.OK),
    )
    assert worst(judge(quiet)) is OK
