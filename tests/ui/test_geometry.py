"""What eyes catch by luck, by measure: small targets, overlaps, cut text, at four sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.ui.theme import MIN_TARGET
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.label import ElidedLabel
from blinkpos_desktop.ui.widgets.status_line import StatusLine
from tests.ui.screens import SIZES, STATES, Stage, on_stage


def rect_in(window: QWidget, widget: QWidget) -> QRect:
    """Return what can be seen of a widget: a scroll area cuts off the rest."""
    rect = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())
    parent = widget.parentWidget()
    while parent is not None and parent is not window:
        if isinstance(parent.parentWidget(), QScrollArea):
            corner = parent.mapTo(window, parent.rect().topLeft())
            rect = rect.intersected(QRect(corner, parent.size()))
        parent = parent.parentWidget()
    return rect


def needed(label: QLabel) -> QSize:
    """Return the room that a label's whole text takes."""
    metrics, width = label.fontMetrics(), label.contentsRect().width()
    if label.wordWrap():
        flags = int(Qt.TextFlag.TextWordWrap)
        return metrics.boundingRect(QRect(0, 0, width, 9999), flags, label.text()).size()
    return QSize(metrics.horizontalAdvance(label.text()), metrics.height())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
def test_everything_fits(qtbot: QtBot, make: Callable[[], Stage], size: QSize) -> None:
    stage = on_stage(make, size)
    window = stage.window
    qtbot.addWidget(window)
    assert window.size() == size
    buttons = [
        b
        for b in window.findChildren(QAbstractButton)
        # Low and dead while a customer is served.
        if b.isVisible() and (b.isEnabled() or not isinstance(b, StatusLine))
    ]
    labels = [lb for lb in window.findChildren(QLabel) if lb.isVisible() and lb.text()]
    for button in buttons:
        name = button.accessibleName()
        assert name, button
        assert min(button.width(), button.height()) >= MIN_TARGET, name
        assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width() - 4, name
    for amount in window.findChildren(AmountLine):
        assert amount._width_at(amount._fitting_size()) <= max(amount.width(), 100), amount.text()
    for label in labels:
        if not isinstance(label, ElidedLabel):
            room = label.contentsRect().size()
            assert needed(label).width() <= room.width() + 1, label.text()
            assert needed(label).height() <= room.height() + 1, label.text()
    shown: list[QWidget] = [*buttons, *labels]
    for widget in shown:
        seen = rect_in(window, widget)
        assert seen.isEmpty() or window.rect().contains(seen), widget.accessibleName()
    for one, other in combinations(shown, 2):
        if one.isAncestorOf(other):
            # The words on a button: the status line's.
            continue
        both = rect_in(window, one).intersected(rect_in(window, other))
        assert both.isEmpty(), (one, other)
