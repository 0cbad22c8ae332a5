"""One sale's whole story: how much, what became of it, where the money is, step by step."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from blinkpos_desktop.ui.theme import COPIED_MS, Metrics
from blinkpos_desktop.ui.viewmodels.sale_words import SaleWords
from blinkpos_desktop.ui.viewmodels.story import StoryStep, StoryView
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.page import clear
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.throwing import throw

MOST_STEPS: Final = 60
"""More steps than anybody reads: what was tried for weeks has hundreds, shown when asked for."""


class StoryPanel(QWidget):
    """A story with its way back.

    Signals:
        left: the way back to the list.
        retry_wanted: the story is to be asked for again.
    """

    left = Signal()
    retry_wanted = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.metrics = Metrics()
        self._story: StoryView | None = None
        self._shows_all = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._head = Row()
        self.back = Button(self.tr("Back"))
        self.back.clicked.connect(self.left)
        self._amount, self._also = Label(role="large"), Label(role="caption")
        self._state = ElidedLabel(role="title")
        self._state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._head.add(self._amount, 0)
        self._head.add(self._also, 0)
        self._head.add(self._state)
        self._head.add(self.back, 0)
        self._words = Label(role="title", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.retry = Button(self.tr("Try again"), role="main")
        self.retry.clicked.connect(self.retry_wanted)
        self._message = QWidget()
        message = QVBoxLayout(self._message)
        message.addStretch(1)
        message.addWidget(self._words)
        message.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        message.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scroll.setAccessibleName(self.tr("The sale's story"))
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._scroll.setWidget(inner)
        throw(self._scroll.viewport())
        self._column.addLayout(self._head)
        self._column.addWidget(self._message, 1)
        self._column.addWidget(self._scroll, 1)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(self._say_copy)
        self.copy: Button | None = None
        self.more: Button | None = None

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self.metrics = metrics
        self._column.setSpacing(metrics.gap)
        self._head.setSpacing(metrics.margin)
        self._rows.setSpacing(metrics.gap)
        self._fill()

    def show_story(self, words: SaleWords, story: StoryView | None, error: str) -> None:
        """Show a sale at once, and its story when it is there."""
        self._amount.setText(words.amount)
        self._also.setText(words.also)
        self._state.setText(story.state if story else words.state)
        self._state.set_tone(story.tone if story else words.tone)
        self._words.setText(error or self.tr("Loading…"))
        self._words.set_tone("alert" if error else "quiet")
        self.retry.setVisible(bool(error))
        self._message.setVisible(story is None or bool(error))
        self._scroll.setVisible(story is not None and not error)
        if story != self._story:
            if self._story is None:
                self._shows_all = False
                self._scroll.verticalScrollBar().setValue(0)
            self._story = story
            self._fill()

    def _fill(self) -> None:
        clear(self._rows)
        self.copy = self.more = None
        if self._story is None:
            return
        self._rows.addWidget(self._facts(self._story))
        if self._story.parts:
            self._rows.addWidget(self._parts(self._story))
        self._rows.addWidget(self._steps(self._story))
        self._rows.addStretch(1)

    def _card(self) -> tuple[QFrame, QVBoxLayout]:
        card, metrics = QFrame(), self.metrics
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(metrics.margin, metrics.px(10), metrics.margin, metrics.px(10))
        column.setSpacing(metrics.px(6))
        return card, column

    def _facts(self, story: StoryView) -> QFrame:
        card, column = self._card()
        grid = QGridLayout()
        grid.setHorizontalSpacing(self.metrics.margin)
        grid.setVerticalSpacing(self.metrics.px(6))
        grid.setColumnStretch(1, 1)
        for row, (what, value) in enumerate(story.facts):
            grid.addWidget(Label(what, role="caption"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(value, wrap=True), row, 1)
        column.addLayout(grid)
        if story.payment_hash:
            line = QHBoxLayout()
            line.setSpacing(self.metrics.margin)
            name = ElidedLabel(
                story.payment_hash, role="caption", mode=Qt.TextElideMode.ElideMiddle
            )
            name.setAccessibleName(self.tr("Hash {hash}").format(hash=story.payment_hash))
            self.copy = Button()
            self.copy.clicked.connect(self._copy)
            line.addWidget(name, 1)
            line.addWidget(self.copy)
            column.addLayout(line)
            self._say_copy()
        return card

    def _parts(self, story: StoryView) -> QFrame:
        card, column = self._card()
        for text, tone in story.parts:
            part = Label(text, role="name", wrap=True)
            part.set_tone(tone)
            column.addWidget(part)
        return card

    def _steps(self, story: StoryView) -> QFrame:
        card, column = self._card()
        hidden = 0 if self._shows_all else max(0, len(story.steps) - MOST_STEPS)
        if hidden:
            text = self.tr("{n} earlier steps").format(n=hidden)
            self.more = Button(text)
            self.more.clicked.connect(self._show_all)
            column.addWidget(self.more)
        for step in story.steps[hidden:]:
            if step.day:
                column.addWidget(Label(step.day, role="strong"))
            column.addLayout(self._step(step))
        return card

    def _step(self, step: StoryStep) -> QHBoxLayout:
        line, words, metrics = QHBoxLayout(), QVBoxLayout(), self.metrics
        line.setSpacing(metrics.margin)
        words.setSpacing(0)
        clock = Label(step.clock, role="caption")
        clock.setMinimumWidth(metrics.high(72))
        # On one line with the larger words beside it.
        clock.setContentsMargins(0, metrics.px(2), 0, 0)
        title = Label(step.words, wrap=True)
        if step.tone != "quiet":
            title.set_tone(step.tone)
        words.addWidget(title)
        if step.detail:
            words.addWidget(Label(step.detail, role="caption", wrap=True))
        line.addWidget(clock, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        return line

    def _show_all(self) -> None:
        self._shows_all = True
        self._fill()

    def _copy(self) -> None:
        if self._story is not None and self.copy is not None:
            QGuiApplication.clipboard().setText(self._story.payment_hash)
            self.copy.setText(self.tr("Copied"))
            self._copied.start()

    def _say_copy(self) -> None:
        if self.copy is not None:
            self.copy.setText(self.tr("Copy"))
            self.copy.setAccessibleName(self.tr("Copy the hash"))
