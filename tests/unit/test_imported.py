"""Rows of the till before this one, as they stood; what can't be is named by its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.imported import (
    ImportedPayment,
    ImportedStatus,
    Origin,
    event_from,
    payment_from,
)
from blinkpos_desktop.domain.scrub import Scrubbed

HASH = "ab" * 32
SPLIT: dict[str, Any] = {
    "payment_hash": HASH,
    "total_amount": "23",
    "base_amount": "21",
    "tip_amount": "2",
    "status": "completed",
    "created_at": "2025-10-20 12:34:56.789+00",
}


def _read(changes: dict[str, Any], origin: Origin = Origin.PAYMENT_SPLITS) -> ImportedPayment:
    return payment_from({**SPLIT, **changes}, origin, Scrubbed())


def test_an_entry_of_the_tip_store() -> None:
    left_out = Scrubbed()
    payment = payment_from(
        {
            "payment_hash": HASH,
            "baseAmount": 21,
            "tipAmount": Decimal("2.1"),
            "tipPercent": 10,
            "tipRecipient": "elturco",
            "userApiKey": "blink_abcdefgh",
            "userWalletId": "w",
            "displayCurrency": "USD",
            "baseAmountDisplay": Decimal("0.80"),
            "timestamp": 1_760_963_696_789,
            "note": "nobody knows this one",
        },
        Origin.TIP_STORE,
        left_out,
    )
    assert (payment.status, payment.base_sats, payment.tip_sats) == (ImportedStatus.PENDING, 21, 2)
    assert (payment.total_sats, payment.tip_recipient) == (23, "elturco")
    assert payment.created_at == datetime(2025, 10, 20, 12, 34, 56, 789000, tzinfo=UTC)
    assert json.loads(payment.extra) == {
        "note": "nobody knows this one",
        "tip_amount_as_it_stood": "2.1",
    }
    assert left_out.count == 1


def test_a_row_of_the_tables_with_columns_that_nobody_knows() -> None:
    payment = _read(
        {
            "metadata": {"forwardingApiKey": "x", "paidBy": "a\0b\ud800"},
            "colour": "green",
            "tip_percent": "7.50",
            "processed_at": "2025-10-20T12:35:00Z",
            "expires_at": "",
        }
    )
    assert json.loads(payment.extra) == {
        "metadata": {"paidBy": "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"},
        "colour": "green",
    }
    assert payment.tip_percent == Decimal("7.50")
    assert payment.processed_at == datetime(2025, 10, 20, 12, 35, tzinfo=UTC)
    assert payment.expires_at is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2025-10-20 12:00:00", 12),
        ("2025-10-20T12:00:00.123456789+02:00", 10),
        ("2025-10-20 12:00:00-03", 15),
        ("2025-10-20", 0),
        (1_760_918_400, 0),
        ("1760918400000", 0),
    ],
)
def test_times_of_every_kind(text: object, hour: int) -> None:
    created = _read({"created_at": text}).created_at
    assert (created.day, created.hour, created.tzinfo) == (20, hour, UTC)


def test_a_sat_that_the_origin_rounded_away_is_forgiven() -> None:
    assert [_read({"tip_amount": tip}).total_sats for tip in ("1", "3")] == [23, 23]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payment_hash": "abc"}, "payment_hash"),
        ({"payment_hash": None}, "payment_hash"),
        ({"total_amount": "many"}, "total_amount"),
        ({"total_amount": "-1"}, "total_amount"),
        ({"total_amount": "NaN"}, "total_amount"),
        ({"total_amount": "1e99"}, "total_amount"),
        ({"total_amount": "2_3"}, "total_amount"),
        ({"total_amount": "\u0662\u0663"}, "total_amount"),
        ({"total_amount": "2100000000000001"}, "total_amount"),
        ({"total_amount": True}, "total_amount"),
        ({"total_amount": "", "base_amount": ""}, "total_amount"),
        ({"tip_amount": "4"}, "base_amount"),
        ({"status": "lost"}, "status"),
        ({"status": ""}, "status"),
        ({"created_at": "soon"}, "created_at"),
        ({"created_at": ""}, "created_at"),
        ({"created_at": "1066-10-14"}, "created_at"),
        ({"processed_at": "infinity"}, "processed_at"),
    ],
)
def test_what_cannot_be(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError, match=field):
        _read(changes)


def test_an_event_has_one_fingerprint() -> None:
    values: dict[str, Any] = {
        "id": 7,
        "payment_hash": HASH,
        "event_type": "tip_sent",
        "event_status": "failed",
        "error_message": "with blink_abcdefgh",
        "metadata": {"tipAmount": 2},
        "timestamp": "2025-10-20 12:34:56+00",
    }
    event = event_from(values, Scrubbed())
    assert (event.event, event.status) == ("tip_sent", "failed")
    assert "blink_" not in (event.error or "")
    assert event == event_from(dict(reversed(values.items())), Scrubbed())
    assert event.fingerprint != event_from({**values, "id": 8}, Scrubbed()).fingerprint
