"""The look in one place: colours, type, spacing, motion. Why is it red? Here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QWidget

from blinkpos_desktop.resources import assets
from blinkpos_desktop.ui.stylesheet import stylesheet

MIN_TARGET: Final = 48
"""The least height and width of anything that a finger must hit, in pixels."""

CHECK_MS: Final = 420
"""How long the check mark takes to be drawn."""
COPIED_MS: Final = 2_000
"""How long the copy button says that it has copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Every colour of one theme; pairs that carry text meet WCAG AA (tests/ui/test_theme.py)."""

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
    bar: str
    bar_quiet: str
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
    bar="#FFB224",
    bar_quiet="#6F7C8A",
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
    bar="#C77700",
    bar_quiet="#84909D",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Sizes in pixels for one scale; whatever a finger hits never goes below the least."""

    scale: float = 1.0

    def px(self, base: float) -> int:
        """Return ``base`` pixels of the 800x480 design at this scale."""
        return round(base * self.scale)

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

# Font sizes of the 800x480 design, in pixels; `amount` is the most, it shrinks to fit.
TYPE: Final[dict[str, int]] = {
    "status": 13,
    "caption": 15,
    "body": 17,
    "title": 22,
    "key": 30,
    "large": 40,
    "amount": 76,
}


def metrics_for(width: int, height: int) -> Metrics:
    """Return the sizes that suit a window; in steps, so that dragging its edge stays calm."""
    across, down = (800, 480) if width > height else (560, 900)
    scale = min(width / across, height / down)
    return Metrics(scale=min(2.0, max(0.875, int(scale * 8) / 8)))


class Theme:
    """One theme at one scale, ready to be worn by a window."""

    def __init__(self, *, is_dark: bool, metrics: Metrics) -> None:
        self.is_dark = is_dark
        self.metrics = metrics
        self.colours = DARK if is_dark else LIGHT

    def apply(self, window: QWidget) -> None:
        """Dress a window and all that is in it."""
        window.setPalette(palette_of(self.colours))
        sizes = {name: self.metrics.px(size) for name, size in TYPE.items()}
        lengths = {
            "radius": self.metrics.radius,
            "gap": self.metrics.gap,
            "target": self.metrics.target,
            "dot": self.metrics.px(10),
        }
        colours = {name: getattr(self.colours, name) for name in Colours.__slots__}
        tints = DARK_TINTS if self.is_dark else LIGHT_TINTS
        window.setStyleSheet(stylesheet(colours, sizes, lengths) + tint_sheet(tints, self.colours))


def tint_sheet(tints: Mapping[str, tuple[str, str]], colours: Colours) -> str:
    """Return the style sheet's part for buttons that have a colour of their own."""
    return "".join(
        f'QPushButton[tint="{name}"] {{ background: {ground}; color: {colours.text};'
        f" border-color: {colours.line if name == 'plain' else ground}; padding: 0; }}"
        f'QPushButton[tint="{name}"]:pressed {{ background: {pressed}; }}'
        f'QPushButton[tint="{name}"]:checked {{ border: 3px solid {colours.text}; }}'
        f'QPushButton[tint="{name}"]:focus {{ border: 2px solid {colours.accent}; }}'
        for name, (ground, pressed) in tints.items()
    )


def palette_of(colours: Colours) -> QPalette:
    """Return the palette from which painted widgets take their colours."""
    roles = {
        QPalette.ColorRole.Window: colours.window,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.raised,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.Mid: colours.faint,
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        # The window's own style gives it another Base.
        QPalette.ColorRole.ToolTipBase: colours.surface,
        QPalette.ColorRole.Dark: colours.pressed,
        QPalette.ColorRole.Accent: colours.bar,
        QPalette.ColorRole.Shadow: colours.bar_quiet,
        QPalette.ColorRole.Midlight: colours.line,
        # Qt has no roles for how something is to be taken: see ``tone_role``.
        QPalette.ColorRole.Link: colours.good,
        QPalette.ColorRole.LinkVisited: colours.busy,
        QPalette.ColorRole.BrightText: colours.bad,
    }
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    return palette


def tone_role(tone: str) -> QPalette.ColorRole:
    """Return where a palette keeps the colour of one of the words' tones."""
    return _TONE_ROLES.get(tone, QPalette.ColorRole.PlaceholderText)


_TONE_ROLES: Final = {
    "good": QPalette.ColorRole.Link,
    "busy": QPalette.ColorRole.LinkVisited,
    "alert": QPalette.ColorRole.BrightText,
}


def system_is_dark() -> bool:
    """Tell whether the system asks for dark; one that does not say gets dark."""
    return QGuiApplication.styleHints().colorScheme() is not Qt.ColorScheme.Light


def till_font() -> QFont:
    """Return the till's font with figures of one width, or the system's own without it."""
    families = [family for path in _font_files() for family in _families(path)]
    font = QFont(families[:1]) if families else QFont()
    tag = getattr(QFont, "Tag", None)
    if tag is not None:
        font.setFeature(tag("tnum"), 1)
    return font


def _font_files() -> list[Path]:
    try:
        folder = assets() / "fonts"
    except FileNotFoundError:
        return []
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in {".ttf", ".otf"})


def _families(path: Path) -> list[str]:
    number = QFontDatabase.addApplicationFont(str(path))
    return QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
