"""What the commands' lines for people share: counted things, and times of the shop."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def counted(count: int, noun: str) -> str:
    """Return ``1 payment``, ``2 payments``; ``noun`` takes an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def minute(at: int, zone: tzinfo | None) -> str:
    """Return Unix seconds as date and minute in the shop's zone; ``None`` is the machine's."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%Y-%m-%d %H:%M}"
