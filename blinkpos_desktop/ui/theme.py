"""The look in one place: colours, type, spacing, motion. Why is it red? Here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from blinkpos_desktop.domain.appearance import Look

MIN_TARGET: Final = 48
"""The least height and width of anything that a finger must hit, in pixels."""

CHECK_MS: Final = 420
"""How long the check mark takes to be drawn."""
COPIED_MS: Final = 2_000
"""How long the copy button says that it has copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Every colour of one look; what carries text is held to WCAG by tests/ui/test_theme.py."""

    window: str
    surface: str
    raised: str
    pressed: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_pressed: str
    on_accent: str
    good: str
    busy: str
    bad: str
    notice: str
    on_notice: str
    notice_edge: str
    bar: str
    bar_quiet: str
    edge: str
    """Round cards and what is dead: seen in high contrast only."""
    focus: str
    """Round what the keyboard would press."""
    success: str = "#087F3F"
    on_success: str = "#FFFFFF"
    band: str = "#6D28D9"
    on_band: str = "#FFFFFF"


DARK: Final = Colours(
    window="#0D1014",
    surface="#181D24",
    raised="#222932",
    pressed="#3A4552",
    line="#2E3742",
    text="#F5F7FA",
    muted="#A3AFBC",
    faint="#5C6875",
    accent="#FFB224",
    accent_pressed="#D98F0B",
    on_accent="#1B1200",
    good="#4ADE80",
    busy="#FFC95C",
    bad="#FF8B85",
    notice="#3A2C0B",
    on_notice="#FFE1A3",
    notice_edge="#3A2C0B",
    bar="#FFB224",
    bar_quiet="#6F7C8A",
    edge="#181D24",
    focus="#FFB224",
)
LIGHT: Final = Colours(
    window="#F3F5F8",
    surface="#FFFFFF",
    raised="#FFFFFF",
    pressed="#D5DCE5",
    line="#D3DAE3",
    text="#12161C",
    muted="#55616E",
    faint="#A5B0BC",
    accent="#FFB224",
    accent_pressed="#E09610",
    on_accent="#1B1200",
    good="#15803D",
    busy="#9A5B00",
    bad="#B42318",
    notice="#FFF0CF",
    on_notice="#5A3B00",
    notice_edge="#FFF0CF",
    bar="#C77700",
    bar_quiet="#84909D",
    edge="#FFFFFF",
    focus="#9A5B00",
)
CONTRAST: Final = Colours(
    window="#000000",
    surface="#000000",
    raised="#000000",
    pressed="#404040",
    line="#FFFFFF",
    text="#FFFFFF",
    muted="#E6E6E6",
    faint="#A6A6A6",
    accent="#FFE100",
    accent_pressed="#FFFFFF",
    on_accent="#000000",
    good="#6BFF95",
    busy="#FFD966",
    bad="#FFA8A3",
    notice="#000000",
    on_notice="#FFE100",
    notice_edge="#FFE100",
    bar="#FFE100",
    bar_quiet="#B0B0B0",
    edge="#8C8C8C",
    focus="#FFE100",
    success="#00531F",
    band="#4A148C",
)

# What the items' colours look like (domain/item.py names them): the ground, and it pressed; the
# text on both is the theme's own.
DARK_TINTS: Final[dict[str, tuple[str, str]]] = {
    "plain": ("#222932", "#3A4552"),
    "red": ("#6B2430", "#85303E"),
    "orange": ("#6A3A14", "#824A1C"),
    "yellow": ("#574A10", "#6B5B16"),
    "green": ("#1D5235", "#266643"),
    "teal": ("#12505A", "#18636F"),
    "blue": ("#1F4477", "#285491"),
    "violet": ("#4A3380", "#5A3F9A"),
}
LIGHT_TINTS: Final[dict[str, tuple[str, str]]] = {
    "plain": ("#FFFFFF", "#D5DCE5"),
    "red": ("#FBD3D6", "#F2B6BB"),
    "orange": ("#FCDDC0", "#F5C79E"),
    "yellow": ("#F8EBB0", "#EDDC8C"),
    "green": ("#CBEDD5", "#ADDDBB"),
    "teal": ("#C4EBEE", "#A3DADF"),
    "blue": ("#CFE1FB", "#B0CBF1"),
    "violet": ("#E1D7FA", "#CBBCF1"),
}
CONTRAST_TINTS: Final[dict[str, tuple[str, str]]] = {
    "plain": ("#000000", "#404040"),
    "red": ("#5C1420", "#741A29"),
    "orange": ("#54290A", "#6B350D"),
    "yellow": ("#463A00", "#574900"),
    "green": ("#0A3F1A", "#0D5122"),
    "teal": ("#053F48", "#07505B"),
    "blue": ("#0E2F66", "#123C82"),
    "violet": ("#351C73", "#44258F"),
}

# Font sizes of the 800x480 design, in pixels; `amount` is the most, it shrinks to fit.
TYPE: Final[dict[str, int]] = {
    "status": 13,
    "caption": 15,
    "body": 17,
    "tab": 17,
    "title": 22,
    "key": 30,
    "large": 40,
    "amount": 76,
}

# How much of the owner's text scale a size takes: what is large already grows less, or the page
# would have room for nothing else.
GROWTH: Final[dict[str, float]] = {
    "status": 1.0,
    "caption": 1.0,
    "body": 1.0,
    "tab": 0.5,
    "title": 0.75,
    "key": 0.4,
    "large": 0.3,
    "amount": 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Sizes in pixels for one scale; whatever a finger hits never goes below the least."""

    scale: float = 1.0
    text: float = 1.0
    """The owner's text scale."""
    is_wide: bool = True
    """Whether the window is wider than high."""

    def px(self, base: float) -> int:
        """Return ``base`` pixels of the 800x480 design at this scale."""
        return round(base * self.scale)

    def font(self, size: str, part: float = 1.0) -> int:
        """Return the pixels of one of TYPE's sizes, or of a part of it."""
        grown = 1 + (self.text - 1) * GROWTH[size]
        return round(TYPE[size] * part * self.scale * grown)

    def high(self, base: float) -> int:
        """Return what must be as high, or as wide, as small text wants: it grows with it."""
        return round(base * self.scale * max(1.0, self.text))

    def line(self, size: str) -> int:
        """Return the height of a line of text, with the room between two."""
        return round(self.font(size) * 1.35)

    @property
    def target(self) -> int:
        """The height of an ordinary button."""
        return max(MIN_TARGET, self.px(MIN_TARGET))

    @property
    def gap(self) -> int:
        """The space between neighbours."""
        return self.px(8)

    @property
    def margin(self) -> int:
        """The space at a page's edge."""
        return self.px(16)

    @property
    def radius(self) -> int:
        """The roundness of buttons and cards."""
        return self.px(12)


ROW: Final = 60
"""The height of a row of a list, in pixels of the 800x480 design."""


def metrics_for(width: int, height: int, text_scale: int = 100) -> Metrics:
    """Return the sizes that suit a window; in steps, so that dragging its edge stays calm."""
    is_wide = width > height
    across, down = (800, 480) if is_wide else (560, 900)
    scale = min(2.0, max(0.875, int(min(width / across, height / down) * 8) / 8))
    return Metrics(scale=scale, text=text_scale / 100, is_wide=is_wide)


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A theme's colours, its items' colours, and how thick its lines are."""

    colours: Colours
    tints: Mapping[str, tuple[str, str]]
    border: int = 1
    focus: int = 2


PALETTES: Final[Mapping[Look, Palette]] = {
    Look.DARK: Palette(colours=DARK, tints=DARK_TINTS),
    Look.LIGHT: Palette(colours=LIGHT, tints=LIGHT_TINTS),
    Look.CONTRAST: Palette(colours=CONTRAST, tints=CONTRAST_TINTS, border=2, focus=4),
}
