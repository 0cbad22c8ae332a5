"""The style sheet, made from the theme's tokens; selectors speak of roles, never of pages."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Final

_SHEET: Final = Template("""
QWidget { color: $text; placeholder-text-color: $muted; }
#window, #page { background: $window; }
#band { background: $band; color: $on_band; font-size: ${caption_px}px; font-weight: 600;
        padding: ${gap_half}px; }
#success { background: $success; }
#success * { color: $on_success; placeholder-text-color: $on_success; }

QLabel { background: transparent; font-size: ${body_px}px; }
QLabel[role="status"] { font-size: ${status_px}px; color: $muted; }
QLabel[role="caption"] { font-size: ${caption_px}px; color: $muted; }
QLabel[role="name"] { font-weight: 600; }
QLabel[role="strong"] { font-size: ${caption_px}px; font-weight: 700; }
QLabel[role="title"] { font-size: ${title_px}px; font-weight: 600; }
QLabel[role="large"] { font-size: ${large_px}px; font-weight: 600; }
QLabel[tone="good"] { color: $good; }
QLabel[tone="busy"] { color: $busy; }
QLabel[tone="quiet"] { color: $muted; }
QLabel[tone="alert"] { color: $bad; }
#dot { border-radius: ${dot_half}px; background: $busy; }
#dot[health="ok"] { background: $good; }
#dot[health="away"] { background: $bad; }
#dot[health="off"] { background: transparent; border: 2px solid $muted; }

QPushButton { background: $raised; color: $text; border: ${border}px solid $line;
              border-radius: ${radius}px; font-size: ${body_px}px; font-weight: 500;
              padding: 0 ${gap2}px; outline: none;
              min-height: ${target}px; }
QPushButton:pressed { background: $pressed; }
QPushButton:disabled { color: $faint; background: $surface; border-color: $edge; }
QPushButton[role="key"] { font-size: ${key_px}px; padding: 0; }
QPushButton[role="mild"] { font-size: ${key_px}px; padding: 0; background: $surface; }
QPushButton[role="mild"]:pressed { background: $pressed; }
QPushButton[role="choice"] { font-size: ${title_px}px; padding: ${gap}px; }
QPushButton[role="main"] { background: $accent; color: $on_accent; border-color: $accent;
                           font-weight: 700; }
QPushButton[role="main"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[role="main"]:disabled { background: $surface; color: $faint; border-color: $edge; }
QPushButton[role="ok"] { background: $accent; color: $on_accent; border-color: $accent;
                         font-size: ${key_px}px; font-weight: 700; padding: 0; }
QPushButton[role="ok"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[role="ok"]:disabled { background: $surface; color: $faint; border-color: $edge; }
QPushButton[role="plain"] { background: transparent; border-color: transparent; color: $muted; }
QPushButton[role="plain"]:pressed { background: $pressed; color: $text; }
QPushButton[role="tab"] { background: transparent; border: none; border-radius: 0;
                          border-bottom: 3px solid transparent; color: $muted;
                          font-size: ${tab_px}px; font-weight: 600; padding: 0 ${gap2}px; }
QPushButton[tight="true"] { padding: 0 ${gap_half}px; }
QPushButton[role="tab"][slim="true"] { padding: 0; }
QPushButton[role="tab"]:checked { color: $text; border-bottom-color: $accent; }
QPushButton[role="tab"]:focus { color: $focus; }
QPushButton[role="status"] { background: transparent; border: none; border-radius: 0;
                             padding: 0; min-height: 0; }
QPushButton[role="status"]:pressed { background: $pressed; }
QPushButton[role="period"] { background: $surface; border-color: $edge; color: $muted;
                             padding: 0 ${gap}px; }
QPushButton[role="period"][tight="true"] { padding: 0 ${gap_half}px; }
QPushButton[role="period"]:checked { background: $raised; color: $text; border-color: $accent; }
QPushButton[role="small"] { background: $surface; padding: 0; }
QPushButton[role="small"]:pressed { background: $pressed; }
QPushButton[role="small"]:disabled { border-color: $edge; }
QPushButton[role="bad"] { background: transparent; border-color: $line; color: $bad; }
QPushButton[role="bad"]:pressed { background: $pressed; }
QPushButton[role="toggle"]:checked { background: $notice; color: $on_notice;
                                     border-color: $on_notice; }
QPushButton[role="day"] { background: transparent; border-color: transparent; padding: 0;
                          border-radius: ${gap}px; }
QPushButton[role="day"]:pressed { background: $pressed; }
QPushButton[role="day"]:disabled { background: transparent; border-color: transparent; }
QPushButton[role="day"][part="today"] { border-color: $muted; }
QPushButton[role="day"][part="within"] { background: $pressed; }
QPushButton[role="day"][part="end"] { background: $accent; color: $on_accent; font-weight: 700; }
QPushButton[role="badge"] { background: $notice; color: $on_notice; border-color: $on_notice;
                            font-size: ${tab_px}px; font-weight: 600; padding: 0 ${gap2}px; }
QPushButton[role="badge"][tight="true"] { padding: 0 ${gap}px; }
QPushButton[role="badge"]:pressed { background: $on_notice; color: $notice; }
QPushButton[role="badge"]:checked { border: 2px solid $accent; }
QPushButton:focus, QPushButton[role]:focus, QPushButton[role]:checked:focus
{ border: ${focus_width}px solid $focus; }
QPushButton[role="main"]:focus, QPushButton[role="ok"]:focus,
QPushButton[role="day"][part="end"]:focus { border: ${focus_width}px solid $text; }
QLineEdit { background: $raised; color: $text; border: ${border}px solid $line;
            border-radius: ${radius}px; font-size: ${body_px}px; padding: 0 ${gap2}px;
            min-height: ${target}px;
            selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus { border: ${focus_width}px solid $focus; }
QLineEdit:disabled { background: $surface; color: $muted; border-color: $surface; }

#card { background: $surface; border: ${border}px solid $edge; border-radius: ${radius}px; }
#notice { background: $surface; border: ${border}px solid $edge; border-radius: ${radius}px; }
#notice[sticky="true"] { background: $notice; border-color: $notice_edge; }
#notice[sticky="true"] QLabel { color: $on_notice; }
#notice QPushButton { background: transparent; color: $on_notice; border-color: $on_notice;
                      padding: 0 ${gap_half}px; }
#notice QPushButton:pressed { background: $on_notice; color: $notice; }
#notice QPushButton:disabled { color: $faint; border-color: transparent; }
#notice QPushButton:focus { border: ${focus_width}px solid $text; }
QTableView { background: transparent; border: none; outline: none; }
QScrollArea, #scrolled { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: ${gap}px; }
QScrollBar::handle:vertical { background: $line; border-radius: ${gap_half}px; min-height: 40px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page
{ background: transparent; height: 0; }
""")


def stylesheet(
    colours: Mapping[str, str], sizes: Mapping[str, int], lengths: Mapping[str, int]
) -> str:
    """Return the style sheet for these colours, font sizes and lengths in pixels."""
    values: dict[str, object] = dict(colours)
    values |= {f"{name}_px": size for name, size in sizes.items()}
    gap, dot = lengths["gap"], lengths["dot"]
    values |= lengths
    values |= {"gap_half": gap // 2, "gap2": gap * 2, "dot_half": dot // 2}
    return _SHEET.substitute(values)
