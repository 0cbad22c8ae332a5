"""Contrast by the tokens, as WCAG has it.

AA for dark and light: 4.5 to 1 for text, 3 to 1 for large text and marks. AAA for high contrast:
7 to 1 for text, and borders and the focus are marks too.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontMetrics

from blinkpos_desktop.domain.appearance import Look
from blinkpos_desktop.domain.item import Tint
from blinkpos_desktop.ui.dressing import till_font
from blinkpos_desktop.ui.theme import (
    GROWTH,
    MIN_TARGET,
    PALETTES,
    TYPE,
    Metrics,
    metrics_for,
)
from tests.ui.screens import SIZES

TEXT = [
    ("text", "window"),
    ("text", "surface"),
    ("text", "raised"),
    ("text", "pressed"),
    ("muted", "window"),
    ("muted", "surface"),
    ("on_accent", "accent"),
    ("on_accent", "accent_pressed"),
    ("bad", "window"),
    ("bad", "surface"),
    ("good", "surface"),
    ("busy", "surface"),
    ("on_notice", "notice"),
    ("on_success", "success"),
    ("on_band", "band"),
]
MARKS = [
    ("good", "window"),
    ("busy", "window"),
    ("bad", "window"),
    ("muted", "raised"),
    ("bar", "surface"),
    ("bar_quiet", "surface"),
    ("focus", "window"),
    ("focus", "surface"),
    ("focus", "raised"),
    # Round what is of the accent's own colour the focus is the text's.
    ("text", "window"),
]
BORDERS = [("line", "window"), ("line", "surface"), ("edge", "window"), ("notice_edge", "window")]
LEAST = {Look.DARK: 4.5, Look.LIGHT: 4.5, Look.CONTRAST: 7.0}


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    q = QColor(colour)
    return 0.2126 * linear(q.redF()) + 0.7152 * linear(q.greenF()) + 0.0722 * linear(q.blueF())


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", PALETTES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_is_readable(look: Look, text: str, ground: str) -> None:
    colours = PALETTES[look].colours
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= LEAST[look]


@pytest.mark.parametrize("look", PALETTES)
def test_every_item_is_readable_on_its_colour(look: Look) -> None:
    palette = PALETTES[look]
    assert set(palette.tints) == set(Tint)
    for grounds in palette.tints.values():
        for ground in grounds:
            assert contrast(palette.colours.text, ground) >= LEAST[look], ground


@pytest.mark.parametrize("look", PALETTES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_are_seen(look: Look, mark: str, ground: str) -> None:
    colours = PALETTES[look].colours
    assert contrast(getattr(colours, mark), getattr(colours, ground)) >= 3


@pytest.mark.parametrize(("border", "ground"), BORDERS)
def test_borders_are_seen_in_high_contrast(border: str, ground: str) -> None:
    colours = PALETTES[Look.CONTRAST].colours
    assert contrast(getattr(colours, border), getattr(colours, ground)) >= 3


def test_what_is_dead_is_still_read_in_high_contrast() -> None:
    colours = PALETTES[Look.CONTRAST].colours
    assert contrast(colours.faint, colours.surface) >= 7


@pytest.mark.parametrize("size", SIZES)
def test_targets_never_shrink_below_a_finger(size: QSize) -> None:
    assert metrics_for(size.width(), size.height()).target >= MIN_TARGET
    assert metrics_for(200, 200).target >= MIN_TARGET


def test_sizes_grow_with_the_window() -> None:
    scales = [metrics_for(*size).scale for size in ((800, 480), (1024, 768), (1920, 1080))]
    assert scales == sorted(scales)
    assert scales[0] == 1.0


def test_figures_are_of_one_width() -> None:
    metrics = QFontMetrics(till_font())
    assert len({metrics.horizontalAdvance(digit * 10) for digit in "0123456789"}) == 1


def test_the_text_scale_grows_small_text_by_all_of_it() -> None:
    assert TYPE.keys() == GROWTH.keys()
    plain, large, small = Metrics(), Metrics(text=2.0), Metrics(text=0.8)
    for size in ("status", "caption", "body"):
        assert large.font(size) == 2 * plain.font(size)
    for size in TYPE:
        assert small.font(size) <= plain.font(size) <= large.font(size)
    # What is larger stays larger; the tabs are beside all pages, and stay what they are.
    ordered = [size for size in TYPE if size != "tab"]
    grown = [large.font(size) for size in ordered]
    assert grown == sorted(grown)
