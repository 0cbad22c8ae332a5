"""The parts that the status line tells apart, and how they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """The parts that the status line tells apart."""

    BLINK = "Blink"
    POSTGRESQL = "PostgreSQL"
    REDIS = "Redis"
    PRICE = "Price"
    """Of the shop's currency; ``OFF`` where sats are sold."""


class Health(StrEnum):
    """How a part is."""

    STARTING = "starting"
    OK = "ok"
    AWAY = "away"
    OFF = "off"
    """Not set up, and not needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChanged:
    """A part came or went. ``sentence`` says it to a person."""

    part: Part
    health: Health
    sentence: str = ""
