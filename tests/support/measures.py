"""What is measured of a till where all is well."""

from __future__ import annotations

from blinkpos_desktop.domain.blink import Account, Allowance, Scope
from blinkpos_desktop.domain.measures import (
    BlinkMeasure,
    DatabaseMeasure,
    DatabaseState,
    DiskMeasure,
    History,
    KeyMeasure,
    KeyState,
    LedgerMeasure,
    LogMeasure,
    Measures,
    PoolMeasure,
    PriceMeasure,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.parts import Health

USD = Currency(code="USD", digits=2, symbol="$", name="US Dollar")


def a_well_till() -> Measures:
    account = Account(
        id="account",
        network="mainnet",
        username="corner_cafe",
        btc_wallet_id="wallet",
        wallet_ids=frozenset({"wallet"}),
        scopes=frozenset(Scope),
    )
    return Measures(
        blink=BlinkMeasure(
            is_there=True,
            network="mainnet",
            latency=0.112,
            skew=0.3,
            key=KeyMeasure(
                state=KeyState.ACCEPTED, source="the system's keychain", account=account
            ),
            allowance=Allowance(remaining_cents=150_000, total_cents=200_000, seconds=86_400),
        ),
        updates=UpdatesMeasure(health=Health.OK),
        price=PriceMeasure(
            code="USD",
            price=Price(currency=USD, base=86_206_896_552, offset=12, as_of=1_780_000_000),
            age=12.0,
            skew=0.3,
        ),
        database=DatabaseMeasure(
            state=DatabaseState.UP,
            is_embedded=True,
            version="PostgreSQL 18.4",
            major=18,
            latency=0.001,
            size=12_400_000,
            connections=3,
            most_connections=60,
            history=History.CURRENT,
            applied=8,
            known=8,
            ledger=LedgerMeasure(
                unfinished=0,
                oldest_unfinished=None,
                is_held=False,
                attention=0,
                last_backup=9_000.0,
            ),
        ),
        pool=PoolMeasure(size=2, most=4, lent=1, waiting=0),
        redis=RedisMeasure(
            health=Health.OK,
            version="7.0.15",
            latency=0.001,
            memory=1_300_000,
            most_memory=0,
            policy="noeviction",
        ),
        disk=DiskMeasure(folder="/home/cafe/.local/share/blinkpos", free=66 << 30, total=252 << 30),
        log=LogMeasure(path="/home/cafe/.local/state/blinkpos/log/blinkpos.log", is_written=True),
    )
