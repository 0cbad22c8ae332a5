"""What the till before this one did: its rows as they stood, without keys, as history.

Nothing in here is a payment of ours, and nothing of it can be forwarded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import Final

from blinkpos_desktop.domain.errors import InputError, quoted
from blinkpos_desktop.domain.money import MAX_SATS, round_half_up
from blinkpos_desktop.domain.scrub import (
    Json,
    Scrubbed,
    has_secret_name,
    scrub,
    scrub_name,
    scrub_text,
)

Values = Mapping[str, Json]
"""A row's fields, by whatever names the origin gives them."""


class Origin(StrEnum):
    """Where a payment was found."""

    TIP_STORE = "tip_store"
    """The older file: what had not been forwarded yet, and nothing else."""
    PAYMENT_SPLITS = "payment_splits"


class ImportedStatus(StrEnum):
    """The origin's own word for how far a payment was."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"


GIVEN_UP: Final = frozenset({ImportedStatus.FAILED, ImportedStatus.EXPIRED})
"""What the origin's timer expired or what failed on its way: the customer may have paid it."""
_SYNONYMS: Final = {
    "hash": "payment_hash",
    "total": "total_amount",
    "wallet_id": "user_wallet_id",
    "currency": "display_currency",
    "event": "event_type",
    "type": "event_type",
    "event_status": "status",
    "error": "error_message",
}
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ROUNDED_SATS: Final = 1
"""The origin rounded base, tip and total each on its own."""
_NO_VALUE: Final = frozenset({"", "null", "\\n"})
_MOST_DECIMALS: Final = 30
_FIRST_YEAR: Final = 2009
_LAST_YEAR: Final = 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPayment:
    """A payment of the origin's. Amounts are whole sats, times are aware."""

    payment_hash: str
    origin: Origin
    status: ImportedStatus
    total_sats: int
    base_sats: int
    tip_sats: int
    tip_percent: Decimal | None
    tip_recipient: str | None
    wallet_id: str | None
    currency: str | None
    base_display: Decimal | None
    tip_display: Decimal | None
    memo: str | None
    error: str | None
    created_at: datetime
    processed_at: datetime | None
    expires_at: datetime | None
    extra: str
    """The other fields as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEvent:
    """An event of the origin's audit trail."""

    fingerprint: str
    payment_hash: str
    event: str
    status: str | None
    error: str | None
    at: datetime
    extra: str


def payment_from(values: Values, origin: Origin, left_out: Scrubbed) -> ImportedPayment:
    """Read a payment. Fields that nobody knows are kept, fields that are missing mostly forgiven.

    Raises:
        InputError: it can't be; the sentence says which field.
    """
    fields = _Fields(values, left_out)
    payment_hash = fields.hash()
    default = ImportedStatus.PENDING if origin is Origin.TIP_STORE else None
    status = _status(fields.text("status"), default)
    tip = fields.sats("tip_amount") or 0
    base, total = fields.sats("base_amount"), fields.sats("total_amount")
    if total is None and base is not None:
        total = base + tip
    if total is None:
        raise InputError("total_amount is missing.")
    if base is None:
        base = max(total - tip, 0)
    if abs(base + tip - total) > _ROUNDED_SATS:
        raise InputError(f"base_amount {base} and tip_amount {tip} do not make {total} in all.")
    created = fields.moment("created_at", "timestamp")
    if created is None:
        raise InputError("created_at is missing.")
    return ImportedPayment(
        payment_hash=payment_hash,
        origin=origin,
        status=status,
        total_sats=total,
        base_sats=base,
        tip_sats=tip,
        tip_percent=fields.number("tip_percent"),
        tip_recipient=fields.name("tip_recipient"),
        wallet_id=fields.name("user_wallet_id"),
        currency=fields.name("display_currency"),
        base_display=fields.number("base_amount_display"),
        tip_display=fields.number("tip_amount_display"),
        memo=fields.text("memo"),
        error=fields.text("error_message"),
        created_at=created,
        processed_at=fields.moment("processed_at"),
        expires_at=fields.moment("expires_at"),
        extra=fields.rest(),
    )


def event_from(values: Values, left_out: Scrubbed) -> ImportedEvent:
    """Read an event.

    Raises:
        InputError: it can't be; the sentence says which field.
    """
    fields = _Fields(values, left_out)
    payment_hash, event = fields.hash(), fields.text("event_type")
    if event is None:
        raise InputError("event_type is missing.")
    at = fields.moment("created_at", "timestamp")
    if at is None:
        raise InputError("created_at is missing.")
    status, error, extra = fields.text("status"), fields.text("error_message"), fields.rest()
    whole = json.dumps([payment_hash, event, status, error, at.isoformat(), extra])
    return ImportedEvent(
        fingerprint=sha256(whole.encode()).hexdigest(),
        payment_hash=payment_hash,
        event=event,
        status=status,
        error=error,
        at=at,
        extra=extra,
    )


def snake(name: str) -> str:
    """Return a field's name as the origin's tables write it: ``tipAmount`` is ``tip_amount``."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()).lower()
    return _SYNONYMS.get(plain, plain)


class _Fields:
    """Takes a row's known fields one by one; what is never asked for is the rest."""

    def __init__(self, values: Values, left_out: Scrubbed) -> None:
        self._left: dict[str, Json] = {}
        for name, value in values.items():
            self._left.setdefault(snake(name), value)
        self._left_out = left_out

    def hash(self) -> str:
        text = self._take("payment_hash")
        found = str(text).strip().lower() if text is not None else ""
        if not _HASH.fullmatch(found):
            raise InputError(f"payment_hash {quoted(found, 70)} is not 64 hexadecimal digits.")
        return found

    def text(self, name: str) -> str | None:
        value = self._string(name)
        return None if value is None else scrub_text(value, self._left_out)

    def name(self, name: str) -> str | None:
        value = self._string(name)
        return None if value is None else scrub_name(value, self._left_out)

    def sats(self, name: str) -> int | None:
        number = self.number(name)
        if number is None:
            return None
        if not 0 <= number <= MAX_SATS:
            raise InputError(f"{name} {number} is no number of sats.")
        if number != int(number):
            # The origin counted in floats; what stood there is kept beside it.
            self._left[f"{name}_as_it_stood"] = str(number)
        return round_half_up(Fraction(number))

    def number(self, name: str) -> Decimal | None:
        value = self._take(name)
        if value is None:
            return None
        text = str(value).strip()
        try:
            # Decimal takes "1_000" and other scripts' digits as well.
            number = Decimal(text if text.isascii() and "_" not in text else "NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        exponent = number.as_tuple().exponent
        if isinstance(value, bool) or not isinstance(exponent, int):
            raise InputError(f"{name} {quoted(str(value))} is no number.")
        if abs(exponent) > _MOST_DECIMALS or len(number.as_tuple().digits) > _MOST_DECIMALS:
            raise InputError(f"{name} {quoted(str(value))} has too many digits.")
        return number

    def moment(self, *names: str) -> datetime | None:
        for name in names:
            value = self._take(name)
            if value is not None:
                return _moment(name, value)
        return None

    def rest(self) -> str:
        kept: dict[str, Json] = {}
        for name, value in self._left.items():
            if has_secret_name(name):
                self._left_out.count += value is not None
            elif value is not None:
                kept[name] = value
        cleaned = scrub(kept, self._left_out)
        return json.dumps(cleaned, default=_plain, sort_keys=True, ensure_ascii=False)

    def _string(self, name: str) -> str | None:
        value = self._take(name)
        return value if value is None or isinstance(value, str) else json.dumps(value, default=str)

    def _take(self, name: str) -> Json:
        value = self._left.pop(name, None)
        if isinstance(value, str) and value.strip().lower() in _NO_VALUE:
            return None
        return value


def _status(text: str | None, default: ImportedStatus | None) -> ImportedStatus:
    if text is None and default is not None:
        return default
    try:
        return ImportedStatus((text or "").strip().lower())
    except ValueError as error:
        allowed = ", ".join(ImportedStatus)
        raise InputError(f"status {quoted(text or '')} is none of {allowed}.") from error


def _moment(name: str, value: Json) -> datetime:
    try:
        if isinstance(value, int | Decimal | float) and not isinstance(value, bool):
            found = _from_milliseconds(float(value))
        elif re.fullmatch(r"[0-9]{9,14}", str(value).strip(), re.ASCII):
            found = _from_milliseconds(float(str(value)))
        else:
            found = datetime.fromisoformat(_iso(str(value).strip()))
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(f"{name} {quoted(str(value))} is no date with a time.") from error
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise InputError(f"{name} {quoted(str(value))} is no time at which there was Bitcoin.")
    # Without a zone it is the server's, and those run on UTC.
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _iso(text: str) -> str:
    # PostgreSQL writes "+00" for a zone, JavaScript "Z"; fractions may have any length.
    text = re.sub(r"(:[\d.]+[+-]\d\d)$", r"\1:00", text)
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _from_milliseconds(number: float) -> datetime:
    seconds = number / 1000 if number > 1e11 else number  # noqa: PLR2004 (seconds until the year 5138)
    return datetime.fromtimestamp(seconds, UTC)


def _plain(value: object) -> str:
    return str(value)
