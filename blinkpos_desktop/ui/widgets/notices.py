"""The lines beside the keypad: as many as fit, never moving anything else."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.times import moment_text
from blinkpos_desktop.ui.viewmodels.view import Notice, NoticeKind
from blinkpos_desktop.ui.viewmodels.words import money_text, sats_text
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.page import clear

_TILL_LETTERS: Final = 12
"""Of a till's name, which may be long, in a narrow card."""

_LARGE: Final = 1.5


class NoticeList(QWidget):
    """Money that arrived elsewhere or late.

    Signals:
        seen: a Notice that a person has acknowledged.
    """

    seen = Signal(object)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Other payments"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._notices: tuple[Notice, ...] = ()
        self._zone: tzinfo | None = None
        self._metrics = Metrics()
        self._is_small = False
        self._built: tuple[object, ...] = ()
        self._column = _Column(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self._column.setSpacing(metrics.gap)
        self._build()

    def sizeHint(self) -> QSize:
        """Return room for the line that counts: it takes what is left, and asks for no more.

        Large text asks for a first one as well: money that nobody can see or acknowledge would
        stay for ever. Above the keys its room is always kept, for they must not move.
        """
        metrics = self._metrics
        height = metrics.line("caption")
        if metrics.text > 1 and (self._notices or not metrics.is_wide):
            height += self._small_height() + metrics.gap
        return QSize(0, height)

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    def show_notices(self, notices: tuple[Notice, ...], zone: tzinfo | None) -> None:
        """Show other lines, with times in the shop's ``zone``."""
        self._notices, self._zone = notices, zone
        self.updateGeometry()
        self._build()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many as fit now."""
        super().resizeEvent(event)
        self._build()

    def _build(self) -> None:
        self._is_small = False
        fitting = self._fitting()
        if not fitting and self._notices:
            # What came in, and the way to acknowledge it, before the words about it.
            self._is_small = True
            fitting = self._fitting()
        wanted = (self._notices, self._zone, fitting, self._metrics, self._is_small)
        if wanted == self._built:
            return
        self._built = wanted
        clear(self._column)
        for notice in self._notices[:fitting]:
            self._column.addWidget(self._card(notice))
        hidden = len(self._notices) - fitting
        if hidden > 0 and self._notices:
            text = self.tr("and {n} more") if fitting else self.tr("Other payments: {n}")
            self._column.addWidget(Label(text.format(n=hidden), role="caption"))
        self._column.addStretch(1)

    def _fitting(self) -> int:
        """Return how many cards fit, leaving room for the line that counts the others."""
        card = self._card_height() + self._metrics.gap
        fitting = max(0, (self.height() + self._metrics.gap) // card)
        if fitting < len(self._notices):
            fitting = max(0, (self.height() - self._metrics.high(20)) // card)
        return fitting

    def _small_height(self) -> int:
        return self._metrics.target + self._metrics.px(12)

    def _card_height(self) -> int:
        metrics = self._metrics
        if self._is_small:
            return self._small_height()
        # Large text takes more lines for its words.
        lines = 3 + (metrics.text > 1) + (metrics.text > _LARGE)
        words = metrics.line("caption") * lines
        return max(metrics.target + metrics.px(16), words)

    def _card(self, notice: Notice) -> QFrame:
        card = QFrame()
        card.setObjectName("notice")
        card.setProperty("sticky", notice.is_sticky)
        card.setFixedHeight(self._card_height())
        row = QHBoxLayout(card)
        pad = self._metrics.px(8)
        row.setContentsMargins(self._metrics.px(12), 0, pad, 0)
        row.addLayout(self._text(notice), 1)
        if notice.is_sticky:
            button = Button(self.tr("OK"), name=self.tr("I have seen this payment"))
            button.setEnabled(not notice.is_busy)
            button.clicked.connect(lambda: self.seen.emit(notice))
            row.addWidget(button)
        return card

    def _text(self, notice: Notice) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addStretch(1)
        amount = ElidedLabel(self._amount(notice), role="strong")
        amount.setAccessibleName(f"{self._amount(notice)}, {self._words(notice)}")
        column.addWidget(amount)
        if not self._is_small:
            column.addWidget(Label(self._words(notice), role="caption", wrap=True))
        column.addStretch(1)
        return column

    def _words(self, notice: Notice) -> str:
        text = {
            NoticeKind.LATE: self.tr("{time}, {till}: its sale was closed"),
            NoticeKind.GIVEN_UP: self.tr("{time}, {till}: for a cancelled sale"),
            NoticeKind.LEFT_OPEN: self.tr("{time}, {till}: for the sale that was open"),
            NoticeKind.UNSEEN: self.tr("{time}, {till}: no screen showed it"),
            NoticeKind.ELSEWHERE: self.tr("paid at {time}, {till}"),
            NoticeKind.UNASSIGNED: self.tr("came in at {time} that no sale here asked for"),
        }[notice.kind]
        till = notice.till or self.tr("another till")
        if len(till) > _TILL_LETTERS:
            till = f"{till[: _TILL_LETTERS - 1].rstrip()}…"
        return text.format(time=moment_text(notice.at, self._zone), till=till)

    def _amount(self, notice: Notice) -> str:
        if notice.amount is None:
            return self.tr("Money")
        if notice.sats is None:
            return money_text(notice.amount)
        came = sats_text(notice.sats)
        if notice.amount.currency.is_sats:
            return came
        return f"{money_text(notice.amount)} ({came})"


class _Column(QVBoxLayout):
    """A column whose wrapped words ask for no height: the cards have theirs."""

    def hasHeightForWidth(self) -> bool:
        """Return False."""
        return False
