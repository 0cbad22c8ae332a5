"""Icons drawn by hand, so that no font can lack them."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen


class Icon(StrEnum):
    """The icons, each in a box of 24 by 24 units."""

    BACKSPACE = "backspace"
    MOON = "moon"
    SUN = "sun"
    MINUS = "minus"
    PLUS = "plus"
    CROSS = "cross"
    PENCIL = "pencil"
    CHECK = "check"
    BEFORE = "before"
    """The arrow to what comes before; it mirrors, as its neighbour does."""
    AFTER = "after"
    GEAR = "gear"


def draw(painter: QPainter, icon: Icon, box: QRectF, colour: QColor) -> None:
    """Draw ``icon`` into the square ``box``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / 24, box.height() / 24)
    pen = QPen(colour, 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPath(_PATHS[icon]())
    painter.restore()


def _backspace() -> QPainterPath:
    path = QPainterPath(QPointF(8, 5))
    for x, y in ((20, 5), (22, 7), (22, 17), (20, 19), (8, 19), (2, 12)):
        path.lineTo(x, y)
    path.closeSubpath()
    for start, end in (((11, 9.3), (16.4, 14.7)), ((16.4, 9.3), (11, 14.7))):
        path.moveTo(*start)
        path.lineTo(*end)
    return path


def _moon() -> QPainterPath:
    whole = QPainterPath()
    whole.addEllipse(QPointF(12, 12), 8.5, 8.5)
    bite = QPainterPath()
    bite.addEllipse(QPointF(16.5, 8.5), 7.2, 7.2)
    return whole.subtracted(bite)


def _sun() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(12, 12), 4.2, 4.2)
    for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0), (0.7, 0.7), (0.7, -0.7), (-0.7, 0.7)):
        path.moveTo(12 + 7 * x, 12 + 7 * y)
        path.lineTo(12 + 9.5 * x, 12 + 9.5 * y)
    path.moveTo(12 - 4.9, 12 - 4.9)
    path.lineTo(12 - 6.65, 12 - 6.65)
    return path


def _lines(*lines: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    for first, *others in lines:
        path.moveTo(*first)
        for point in others:
            path.lineTo(*point)
    return path


def _minus() -> QPainterPath:
    return _lines(((5, 12), (19, 12)))


def _plus() -> QPainterPath:
    return _lines(((5, 12), (19, 12)), ((12, 5), (12, 19)))


def _cross() -> QPainterPath:
    return _lines(((6, 6), (18, 18)), ((18, 6), (6, 18)))


def _pencil() -> QPainterPath:
    return _lines(
        ((4, 20), (5, 15.5), (16, 4.5), (19.5, 8), (8.5, 19), (4, 20)), ((13.5, 7), (17, 10.5))
    )


def _check() -> QPainterPath:
    return _lines(((4.5, 12.5), (10, 18), (20, 6.5)))


def _before() -> QPainterPath:
    return _lines(((15, 5), (8, 12), (15, 19)))


def _after() -> QPainterPath:
    return _lines(((9, 5), (16, 12), (9, 19)))


def _gear() -> QPainterPath:
    path, teeth = QPainterPath(), 8
    for corner in range(teeth * 4):
        # Two corners on a tooth, two between it and the next.
        radius = 9.4 if corner % 4 in {0, 1} else 6.9
        at = 2 * math.pi * (corner - 0.5 + (0.14 if corner % 2 == 0 else -0.14)) / (teeth * 4)
        point = QPointF(12 + radius * math.cos(at), 12 + radius * math.sin(at))
        path.lineTo(point) if corner else path.moveTo(point)
    path.closeSubpath()
    path.addEllipse(QPointF(12, 12), 3, 3)
    return path


_PATHS: Final[dict[Icon, Callable[[], QPainterPath]]] = {
    Icon.BACKSPACE: _backspace,
    Icon.MOON: _moon,
    Icon.SUN: _sun,
    Icon.MINUS: _minus,
    Icon.PLUS: _plus,
    Icon.CROSS: _cross,
    Icon.PENCIL: _pencil,
    Icon.CHECK: _check,
    Icon.BEFORE: _before,
    Icon.AFTER: _after,
    Icon.GEAR: _gear,
}
