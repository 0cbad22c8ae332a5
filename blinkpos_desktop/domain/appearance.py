"""How the till looks, moves and sounds, as its owner has chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import InputError, quoted

TEXT_SCALES: Final = range(80, 201)
"""Percent of the ordinary size of text."""
VOLUMES: Final = range(101)
"""Percent of the sounds' own loudness; 0 is off."""
SUCCESS_SECONDS: Final = range(2, 31)
"""How long the green page may stay without a tap."""


class Look(StrEnum):
    """What the colours are."""

    SYSTEM = "system"
    """Dark or light, as the system asks."""
    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "contrast"
    """White and yellow on black with borders round everything, for eyes that need it."""


class Motion(StrEnum):
    """Whether anything may move by itself."""

    FULL = "full"
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """All of it; what is outside its range is no appearance."""

    look: Look = Look.SYSTEM
    text_scale: int = 100
    motion: Motion = Motion.FULL
    volume: int = 100
    success_seconds: int = 10

    def __post_init__(self) -> None:
        """Hold the ranges."""
        assert self.text_scale in TEXT_SCALES
        assert self.volume in VOLUMES
        assert self.success_seconds in SUCCESS_SECONDS


USUAL: Final = Appearance()


def parse_appearance(values: Mapping[str, str]) -> Appearance:
    """Return the appearance that the settings name; what they leave out is as usual.

    Raises:
        InputError: a value is none; the sentence begins with its name and tells what is allowed.
    """
    usual = USUAL
    looks = {look.value: look for look in Look}
    motions = {motion.value: motion for motion in Motion}
    return Appearance(
        look=looks[_word(values, "THEME", tuple(looks), usual.look)],
        text_scale=_number(values, "TEXT_SCALE", TEXT_SCALES, usual.text_scale),
        motion=motions[_word(values, "MOTION", tuple(motions), usual.motion)],
        volume=_number(values, "VOLUME", VOLUMES, usual.volume),
        success_seconds=_number(values, "SUCCESS_SECONDS", SUCCESS_SECONDS, usual.success_seconds),
    )


def _word(values: Mapping[str, str], name: str, allowed: tuple[str, ...], usual: str) -> str:
    text = values.get(name, usual)
    if text.lower() not in allowed:
        raise InputError(f"{name} is {quoted(text, 20)}: allowed are {', '.join(allowed)}.")
    return text.lower()


def _number(values: Mapping[str, str], name: str, allowed: range, usual: int) -> int:
    text = values.get(name, str(usual))
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or int(text) not in allowed:
        raise InputError(f"{name} is {quoted(text, 20)}: use {allowed[0]} to {allowed[-1]}.")
    return int(text)
