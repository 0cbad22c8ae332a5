"""What eyes catch by luck, by measure: small targets, overlaps, cut text, at four sizes.

With ordinary text, and twice as large where there is the least room, in every run; the scales
between them in the long one. A window is dressed anew for each size and scale, which takes longer
than all that is measured: one window goes through them all, each size once, and it also tells
what a screen reader and a keyboard find.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.appearance import Appearance, Look
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.theme import MIN_TARGET
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.label import ElidedLabel
from blinkpos_desktop.ui.widgets.status_line import StatusLine
from blinkpos_desktop.ui.widgets.tipping import ChoiceButton
from tests.ui.reading import unreadable
from tests.ui.screens import (
    SIZES,
    STATES,
    Stage,
    attention,
    beside,
    cart,
    health,
    history,
    keypad,
    on_stage,
    sale,
    selling,
    shelf,
    tips,
)
from tests.ui.screens.stage import settle

ORDINARY = 100
LARGEST = 200
FIRST = SIZES[1]
"""What a window has when it is made: it is not dressed twice."""
WALK = (FIRST, SIZES[2], SIZES[0], SIZES[3])
SMALL = (SIZES[3], SIZES[0])
"""From where the walk ends."""
MIRRORED = (
    keypad.typing,
    beside.notices,
    shelf.items_cart,
    shelf.items_editor,
    cart.cart_discounts,
    sale.tip_fiat,
    sale.invoice_fiat,
    history.history_found,
    tips.tips,
    attention.attention,
    health.health_trouble,
)


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


def held_across(window: QWidget, widget: QWidget) -> bool:
    """Tell whether a widget is whole from side to side: what is scrolled is so up and down."""
    left = widget.mapTo(window, widget.rect().topLeft()).x()
    frame: QWidget | None = widget.parentWidget()
    while frame is not None and not isinstance(frame.parentWidget(), QScrollArea):
        frame = frame.parentWidget()
    frame = frame or window
    at = frame.mapTo(window, frame.rect().topLeft()).x()
    return at <= left and left + widget.width() <= at + frame.width()


def problems(window: QWidget) -> list[str]:
    """Return what is cut, too small, off the screen or in something's way."""
    buttons = [
        b
        for b in window.findChildren(QAbstractButton)
        # Low and dead while a customer is served.
        if b.isVisible() and (b.isEnabled() or not isinstance(b, StatusLine))
    ]
    labels = [lb for lb in window.findChildren(QLabel) if lb.isVisible() and lb.text()]
    lines = [line for line in window.findChildren(QLineEdit) if line.isVisible()]
    small = [
        f"too small for a finger: {named(target)}"
        for target in (*buttons, *lines)
        if min(target.width(), target.height()) < MIN_TARGET
    ]
    amounts = [
        f"cut: the amount {amount.text()}"
        for amount in window.findChildren(AmountLine)
        if amount._width_at(amount._fitting_size()) > max(amount.width(), 100)
    ]
    cut = [f"cut: {named(button)}" for button in buttons if is_cut_button(button)]
    cut += [f"cut: {named(label)}" for label in labels if is_cut(label)]
    return small + amounts + cut + misplaced(window, [*buttons, *labels, *lines])


def is_cut_button(button: QAbstractButton) -> bool:
    """Tell whether a button has no room for its text."""
    if isinstance(button, ChoiceButton):
        return button.height() < button.needed_height()
    text, metrics = button.text().replace("&&", "&"), button.fontMetrics()
    is_narrow = metrics.horizontalAdvance(text) > button.width() - 4
    return is_narrow or metrics.height() > button.height()


def is_cut(label: QLabel) -> bool:
    """Tell whether a label has no room for its text, which some may shorten with …."""
    room, need = label.contentsRect().size(), needed(label)
    is_narrow = not isinstance(label, ElidedLabel) and need.width() > room.width() + 1
    return is_narrow or need.height() > room.height() + 1


def misplaced(window: QWidget, shown: list[QWidget]) -> list[str]:
    """Return what is off the screen, or over something else."""
    found = []
    seen = {widget: rect_in(window, widget) for widget in shown}
    for widget, rect in seen.items():
        if not (rect.isEmpty() or window.rect().contains(rect)):
            found.append(f"off the screen: {named(widget)}")
        if not held_across(window, widget):
            found.append(f"cut at its side: {named(widget)}")
    for one, other in combinations(shown, 2):
        # The words on a button are the status line's.
        if seen[one].intersects(seen[other]) and not one.isAncestorOf(other):
            found.append(f"one over the other: {named(one)}, {named(other)}")
    return found


def named(widget: QWidget) -> str:
    """Return what tells a widget from others."""
    text = widget.text() if isinstance(widget, QLabel) else widget.accessibleName()
    return f"{type(widget).__name__} {text!r}"


def scrolled(window: MainWindow) -> int:
    """Return by how much the page is higher than its window."""
    frame = window.stack.currentWidget()
    while frame is not None and not isinstance(frame, QScrollArea):
        frame = frame.parentWidget()
    return frame.verticalScrollBar().maximum() if frame is not None else 0


def walk(
    stage: Stage,
    text_scale: int,
    sizes: tuple[QSize, ...] = WALK,
    *,
    look: Look = Look.DARK,
) -> list[str]:
    """Return what is wrong in a window that goes through the sizes, with text of a scale."""
    found = []
    window = stage.window
    # It was painted once: what follows is measured only.
    window.setUpdatesEnabled(False)
    window.wear(Appearance(look=look, text_scale=text_scale))
    for size in sizes:
        window.resize(size)
        settle()
        assert window.size() == size
        at = f"{size.width()}x{size.height()}, text {text_scale} %"
        found += [f"{at}: {problem}" for problem in problems(window)]
        if text_scale <= ORDINARY and scrolled(window):
            found.append(f"{at}: the page is {scrolled(window)} px higher than its window")
    return found


each_state = pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)


@each_state
def test_everything_fits_and_can_be_read(qtbot: QtBot, make: Callable[[], Stage]) -> None:
    stage = on_stage(make, FIRST)
    qtbot.addWidget(stage.window)
    assert unreadable(stage.window) == []
    assert walk(stage, ORDINARY) + walk(stage, LARGEST, SMALL) == []


@pytest.mark.parametrize("text_scale", [150, LARGEST])
@pytest.mark.parametrize(
    "make",
    [sale.invoice_fiat, sale.invoice_unseen, selling.invoice_older, selling.invoice_served],
    ids=lambda make: make.__name__,
)
def test_a_code_can_be_given_up_without_scrolling(
    qtbot: QtBot, make: Callable[[], Stage], text_scale: int
) -> None:
    stage = on_stage(make, SIZES[0], appearance=Appearance(text_scale=text_scale))
    qtbot.addWidget(stage.window)
    assert scrolled(stage.window) == 0
    page = stage.window.page(Screen.INVOICE)
    assert isinstance(page, InvoicePage)
    for button in (page.check, page.other, page.cancel):
        assert button.isVisible()
        assert rect_in(stage.window, button).size() == button.size()


@pytest.mark.long
@pytest.mark.parametrize("text_scale", [80, 125, 150, 175, LARGEST])
@each_state
def test_everything_fits_at_every_scale(
    qtbot: QtBot, make: Callable[[], Stage], text_scale: int
) -> None:
    stage = on_stage(make, FIRST)
    qtbot.addWidget(stage.window)
    assert walk(stage, text_scale) == []


@pytest.mark.parametrize(
    "make", [*MIRRORED, history.history_days, tips.tips_days], ids=lambda make: make.__name__
)
def test_everything_fits_with_the_thick_lines_of_high_contrast(
    qtbot: QtBot, make: Callable[[], Stage]
) -> None:
    stage = on_stage(make, FIRST)
    qtbot.addWidget(stage.window)
    assert walk(stage, ORDINARY, look=Look.CONTRAST) == []


@pytest.mark.parametrize("make", MIRRORED, ids=lambda make: make.__name__)
def test_everything_fits_in_a_mirror(
    qtbot: QtBot, qapp: QApplication, make: Callable[[], Stage]
) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        stage = on_stage(make, FIRST)
        qtbot.addWidget(stage.window)
        assert walk(stage, ORDINARY) == []
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_a_mirror_mirrors(qtbot: QtBot) -> None:
    stage = on_stage(keypad.typing, SIZES[1])
    qtbot.addWidget(stage.window)
    window, page = stage.window, stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    sides = [rect_in(window, widget) for widget in (page.last, page.cart, window.till_tab)]
    digits = [rect_in(window, page.keypad.keys[key]).x() for key in (Key.D1, Key.D3)]
    window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    settle()
    mirrored = [rect_in(window, widget) for widget in (page.last, page.cart, window.till_tab)]
    for before, after in zip(sides, mirrored, strict=True):
        assert abs(before.left() + after.right() - window.width()) <= 2
    # Digits stand as on every till.
    turned = [rect_in(window, page.keypad.keys[key]).x() for key in (Key.D1, Key.D3)]
    assert turned[0] < turned[1]
    assert digits[0] < digits[1]
