"""How a window wears the theme: its style sheet, its palette, its font."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QWidget

from blinkpos_desktop.domain.appearance import Look
from blinkpos_desktop.resources import assets
from blinkpos_desktop.ui.stylesheet import stylesheet
from blinkpos_desktop.ui.theme import PALETTES, TYPE, Colours, Metrics, Palette


def dress(window: QWidget, look: Look, metrics: Metrics) -> None:
    """Dress a window and all that is in it."""
    palette = PALETTES[look]
    window.setPalette(palette_of(palette.colours))
    sizes = {name: metrics.font(name) for name in TYPE}
    lengths = {
        "radius": metrics.radius,
        "gap": metrics.gap,
        # Without the border, which is thicker in high contrast: a target is as high in every look.
        "target": metrics.target - 2 * (palette.border - 1),
        "dot": metrics.px(10),
        "border": palette.border,
        "focus_width": palette.focus,
    }
    colours = {name: getattr(palette.colours, name) for name in Colours.__slots__}
    window.setStyleSheet(stylesheet(colours, sizes, lengths) + tint_sheet(palette))


def tint_sheet(palette: Palette) -> str:
    """Return the style sheet's part for buttons that have a colour of their own."""
    colours, is_lined = palette.colours, palette.border > 1
    return "".join(
        f'QPushButton[tint="{name}"] {{ background: {ground}; color: {colours.text};'
        f" border-color: {colours.line if name == 'plain' or is_lined else ground}; padding: 0; }}"
        f'QPushButton[tint="{name}"]:pressed {{ background: {pressed}; }}'
        f'QPushButton[tint="{name}"]:checked {{ border: 3px solid {colours.text}; }}'
        f'QPushButton[tint="{name}"]:focus {{ border: {palette.focus}px solid {colours.focus}; }}'
        for name, (ground, pressed) in palette.tints.items()
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
        QPalette.ColorRole.Light: colours.edge,
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


def look_worn(look: Look) -> Look:
    """Return the look itself, or the one that the system asks for; one that does not gets dark."""
    if look is not Look.SYSTEM:
        return look
    is_light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
    return Look.LIGHT if is_light else Look.DARK


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
