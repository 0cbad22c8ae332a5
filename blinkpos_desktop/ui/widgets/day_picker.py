"""Chooses days by taps on a month, or some that everybody asks for by one."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.ui.theme import MIN_TARGET, Metrics
from blinkpos_desktop.ui.viewmodels.days import DaysPick, Quick
from blinkpos_desktop.ui.viewmodels.times import days_text, month_text, weekday_text, written
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import Label, restyle
from blinkpos_desktop.ui.widgets.page import TwoPane

_WEEK = 7
_CELLS = 42
_CENTER = Qt.AlignmentFlag.AlignCenter


class DayPicker(TwoPane):
    """A month on one side, on the other one what moves it and what ends the choice.

    Signals:
        tapped: a day of the month.
        turned: -1 for the month before, 1 for the one after.
        quick_chosen: a Quick.
        all_chosen: no days, but all of them.
        done: the days that were tapped are wanted.
        left: nothing is to change.
    """

    tapped = Signal(object)
    turned = Signal(int)
    quick_chosen = Signal(object)
    all_chosen = Signal()
    done = Signal()
    left = Signal()

    def __init__(self, *, all_words: str, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Choose days"), parent=parent)
        self._shown: DaysPick | None = None
        self._days: tuple[date, ...] = ()
        self._month = QWidget()
        self._grid = QGridLayout(self._month)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for number in range(1, _WEEK + 1):
            name = Label(weekday_text(number), role="status")
            self._grid.setColumnStretch(number - 1, 1)
            name.setAlignment(_CENTER)
            self._grid.addWidget(name, 0, number - 1)
        self.days = [self._day_button(number) for number in range(_CELLS)]
        self._side = QWidget()
        self._column = QVBoxLayout(self._side)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._head = QHBoxLayout()
        self.before = IconButton(Icon.BEFORE, name=self.tr("Month before"), role="plain")
        self.after = IconButton(Icon.AFTER, name=self.tr("Month after"), role="plain")
        self._title = Label(role="title")
        self._title.setAlignment(_CENTER)
        self._head.addWidget(self.before)
        self._head.addWidget(self._title, 1)
        self._head.addWidget(self.after)
        self.before.clicked.connect(lambda: self.turned.emit(-1))
        self.after.clicked.connect(lambda: self.turned.emit(1))
        self._quick = QGridLayout()
        self.quick = {quick: self._quick_button(quick) for quick in Quick}
        self.all = Button(all_words)
        self.all.clicked.connect(self.all_chosen)
        for number, button in enumerate((*self.quick.values(), self.all)):
            self._quick.addWidget(button, number // 2, number % 2)
        self._foot = QHBoxLayout()
        self.back = Button(self.tr("Back"))
        self.done_button = Button(role="main")
        self.back.clicked.connect(self.left)
        self.done_button.clicked.connect(self.done)
        self._foot.addWidget(self.back)
        self._foot.addWidget(self.done_button, 1)
        self._column.addLayout(self._head)
        self._column.addLayout(self._quick)
        self._column.addStretch(1)
        self._column.addLayout(self._foot)
        self.panes.addWidget(self._month, 5)
        self.panes.addWidget(self._side, 4)

    def show_pick(self, pick: DaysPick) -> None:
        """Show a choice as it is now."""
        if pick == self._shown:
            return
        self._shown, self._days = pick, pick.cells
        self._title.setText(month_text(pick.month))
        self.after.setEnabled(pick.can_go_on)
        for day, button in zip(self._days, self.days, strict=True):
            self._show_day(pick, day, button)
        days = pick.days
        words = days_text(days, pick.today) if days else self.tr("Tap a day")
        self.done_button.setText(words)
        name = self.tr("Show {days}").format(days=words) if days else words
        self.done_button.setAccessibleName(name)
        self.done_button.setEnabled(days is not None)

    def arrange(self) -> None:
        """Space everything; the days are as large as fingers want."""
        metrics: Metrics = self.metrics
        self.panes.setContentsMargins(0, 0, 0, 0)
        self.panes.setSpacing(metrics.margin)
        self._grid.setSpacing(2)
        for button in self.days:
            button.setMinimumWidth(max(MIN_TARGET, metrics.font("body") * 8 // 5))
        for layout in (self._column, self._head, self._quick, self._foot):
            layout.setSpacing(metrics.gap)

    def _show_day(self, pick: DaysPick, day: date, button: Button) -> None:
        button.setText(str(day.day))
        button.setAccessibleName(written(day, "d MMMM yyyy"))
        button.setEnabled(day <= pick.today)
        # Those of the months beside it leave their places empty, which keep their room.
        is_own = (day.year, day.month) == (pick.month.year, pick.month.month)
        button.setVisible(is_own)
        part = "today" if day == pick.today else ""
        if pick.days and pick.days.first <= day <= pick.days.last:
            part = "end" if day in {pick.days.first, pick.days.last} else "within"
        if button.property("part") != part:
            restyle(button, "part", part)

    def _day_button(self, number: int) -> Button:
        button = Button(role="day")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.clicked.connect(lambda: self.tapped.emit(self._days[number]))
        self._grid.addWidget(button, number // _WEEK + 1, number % _WEEK)
        return button

    def _quick_button(self, quick: Quick) -> Button:
        text = {
            Quick.TODAY: self.tr("Today"),
            Quick.YESTERDAY: self.tr("Yesterday"),
            Quick.WEEK: self.tr("7 days"),
            Quick.MONTH: self.tr("This month"),
            Quick.LAST_MONTH: self.tr("Last month"),
        }[quick]
        button = Button(text)
        button.clicked.connect(lambda: self.quick_chosen.emit(quick))
        return button
