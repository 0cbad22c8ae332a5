"""A finger throws what is longer than its frame."""

from __future__ import annotations

from PySide6.QtWidgets import QScroller, QScrollerProperties, QWidget


def throw(surface: QWidget) -> None:
    """Let a finger, or a mouse held down, push what is in a scrolled view's surface."""
    QScroller.grabGesture(surface, QScroller.ScrollerGestureType.LeftMouseButtonGesture)
    scroller = QScroller.scroller(surface)
    properties = scroller.scrollerProperties()
    metric = QScrollerProperties.ScrollMetric
    never = QScrollerProperties.OvershootPolicy.OvershootAlwaysOff
    properties.setScrollMetric(metric.VerticalOvershootPolicy, never)
    properties.setScrollMetric(metric.HorizontalOvershootPolicy, never)
    properties.setScrollMetric(metric.DragStartDistance, 0.003)
    scroller.setScrollerProperties(properties)
