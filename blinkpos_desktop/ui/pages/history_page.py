"""The History tab: every sale, newest first, found again and told."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.domain.seeking import Reading, Sort
from blinkpos_desktop.ui.viewmodels.history import History, HistoryView
from blinkpos_desktop.ui.viewmodels.times import clock_text, day_text, days_text
from blinkpos_desktop.ui.viewmodels.words import money_text
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.day_picker import DayPicker
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.line import TextLine
from blinkpos_desktop.ui.widgets.page import Page
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.sales_list import SalesList
from blinkpos_desktop.ui.widgets.stack import Stack
from blinkpos_desktop.ui.widgets.story import StoryPanel

LONGEST = 100
"""A hash has 64 letters; a note is not looked for by more."""


class HistoryPage(Page):
    """A list that is loaded only while it is shown, a choice of days, and a sale's story."""

    def __init__(self, history: History, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("History"), parent=parent)
        self._history = history
        self.line = TextLine(hint=self.tr("Amount, time, note or hash"), most=LONGEST)
        self.clear = IconButton(Icon.CROSS, name=self.tr("Clear the search"), role="small")
        self.reading = Button(role="period")
        self.days = Button(role="period")
        self.list = SalesList(history.model, history.words)
        self.story = StoryPanel()
        self.picker = DayPicker(all_words=self.tr("All days"))
        self.retry = Button(self.tr("Try again"), role="main")
        self._words = Label(role="title", wrap=True)
        self._trouble = Label(wrap=True)
        self.retry_more = Button(self.tr("Try again"))
        self._build()
        self._wire()
        history.changed.connect(self.show_view)
        self.show_view(history.view)

    def show_view(self, view: HistoryView) -> None:
        """Show the list, or in words why there is none; a story or a choice of days above it."""
        if self.line.text() != view.text:
            self.line.setText(view.text)
        self.clear.setVisible(bool(view.text))
        self._show_reading(view)
        days = view.days
        text = days_text(days, self._history.today) if days else self.tr("All days")
        self.days.setText(text)
        self.days.setAccessibleName(self.tr("Days: {days}").format(days=text))
        self._show_list(view)
        if view.pick is not None:
            self.picker.show_pick(view.pick)
        if view.sale is not None:
            words = self._history.words(view.sale)
            self.story.show_story(words, view.story, view.story_error)
        shown: QWidget = self.picker if view.pick is not None else self._finding
        self._stack.setCurrentWidget(self.story if view.sale is not None else shown)

    def arrange(self) -> None:
        """Space everything."""
        metrics = self.metrics
        self._column.setContentsMargins(metrics.margin, metrics.gap, metrics.margin, metrics.gap)
        for layout in (self._rows, self._head, self._strip):
            layout.setSpacing(metrics.gap)
        self.days.setMinimumWidth(metrics.high(132))
        self.reading.setMinimumWidth(metrics.high(132))
        self.list.set_metrics(metrics)
        self.story.set_metrics(metrics)
        self.picker.set_metrics(metrics)

    def showEvent(self, event: QShowEvent) -> None:
        """Load the sales when the tab is opened, and not before."""
        super().showEvent(event)
        if not event.spontaneous():
            self._history.open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop loading behind the scenes."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._history.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape leave what is open above the list, then the search, then the tab."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif not self._history.back():
            if self._history.view.text:
                self._history.type("")
            else:
                super().keyPressEvent(event)

    def _show_reading(self, view: HistoryView) -> None:
        if not view.readings:
            self.reading.hide()
            return
        text = self._read_as(view.readings[view.reading])
        self.reading.setText(text)
        self.reading.setAccessibleName(self.tr("Looked for as {what}").format(what=text))
        self.reading.setEnabled(len(view.readings) > 1)
        self.reading.show()

    def _show_list(self, view: HistoryView) -> None:
        words = ""
        if not view.rows:
            words = view.error or self._why_empty(view)
        self._words.setText(words)
        self._words.set_tone("alert" if view.error else "quiet")
        self.retry.setVisible(bool(view.error))
        self._message.setVisible(bool(words))
        self.list.setVisible(not words)
        self._trouble.setText(view.error)
        self._below.setVisible(bool(view.error) and not words)

    def _why_empty(self, view: HistoryView) -> str:
        if view.rows is None:
            return self.tr("Loading…")
        return self.tr("Nothing found") if view.is_narrowed else self.tr("No sales yet")

    def _read_as(self, reading: Reading) -> str:
        if reading.least is not None and reading.most is not None:
            least, most = money_text(reading.least), money_text(reading.most)
            return least if least == most else f"{least} – {most}"  # noqa: RUF001
        today = self._history.today
        if reading.days is not None:
            day = day_text(reading.days.first, today)
            if reading.at is None:
                return day
            clock = clock_text(reading.at)
            return self.tr("{day}, about {clock}").format(day=day, clock=clock)
        return self.tr("Hash") if reading.sort is Sort.HASH else self.tr("Note")

    def _build(self) -> None:
        self._trouble.set_tone("alert")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        policy = QSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.days.setSizePolicy(policy)
        self.reading.setSizePolicy(policy)
        self._finding = QWidget()
        self._rows = QVBoxLayout(self._finding)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._head = Row()
        self._head.add(self.line)
        for button in (self.clear, self.reading, self.days):
            self._head.add(button, 0)
        self._message = QWidget()
        message = QVBoxLayout(self._message)
        message.addStretch(1)
        message.addWidget(self._words)
        message.addSpacing(16)
        message.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        message.addStretch(1)
        self._below = QWidget()
        self._strip = QHBoxLayout(self._below)
        self._strip.setContentsMargins(0, 0, 0, 0)
        self._strip.addWidget(self._trouble, 1)
        self._strip.addWidget(self.retry_more)
        self._rows.addLayout(self._head)
        self._rows.addWidget(self._message, 1)
        self._rows.addWidget(self.list, 1)
        self._rows.addWidget(self._below)
        self._stack = Stack()
        for widget in (self._finding, self.picker, self.story):
            self._stack.addWidget(widget)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._stack)

    def _wire(self) -> None:
        history, picker = self._history, self.picker
        self.line.textEdited.connect(history.type)
        self.clear.clicked.connect(lambda: history.type(""))
        self.reading.clicked.connect(history.read_otherwise)
        self.days.clicked.connect(history.open_days)
        self.retry.clicked.connect(history.retry)
        self.retry_more.clicked.connect(history.retry)
        self.list.looked_at.connect(history.look)
        self.list.chosen.connect(history.open_story)
        self.story.left.connect(history.back)
        self.story.retry_wanted.connect(history.retry)
        picker.tapped.connect(history.tap_day)
        picker.turned.connect(history.turn_month)
        picker.quick_chosen.connect(history.choose_quick)
        picker.all_chosen.connect(lambda: history.choose_days(None))
        picker.done.connect(history.choose_picked)
        picker.left.connect(history.back)
