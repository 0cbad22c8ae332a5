"""Contrast by the tokens: WCAG AA, 4.5 to 1 for text and 3 to 1 for large text and marks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontMetrics

from blinkpos_desktop.domain.item import Tint
from blinkpos_desktop.ui.theme import (
    DARK,
    DARK_TINTS,
    LIGHT,
    LIGHT_TINTS,
    MIN_TARGET,
    Colours,
    metrics_for,
    till_font,
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
]


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


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_is_readable(colours: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize(
    ("colours", "tints"), [(DARK, DARK_TINTS), (LIGHT, LIGHT_TINTS)], ids=["dark", "light"]
)
def test_every_item_is_readable_on_its_colour(
    colours: Colours, tints: dict[str, tuple[str, str]]
) -> None:
    assert set(tints) == set(Tint)
    for grounds in tints.values():
        for ground in grounds:
            assert contrast(colours.text, ground) >= 4.5, ground


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_are_seen(colours: Colours, mark: str, ground: str) -> None:
    assert contrast(getattr(colours, mark), getattr(colours, ground)) >= 3


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
