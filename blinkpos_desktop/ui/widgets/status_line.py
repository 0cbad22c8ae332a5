"""The status line: a dot and words for each part, and the band for money that is not real.

Where nobody is being served, a tap on it opens the health panel.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.status import PartView, StatusView
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label, restyle

_WELL: Final = frozenset({Health.OK, Health.OFF})


def _text(part: PartView) -> str:
    """Return a part's words with its name in them."""
    is_named = part.part.casefold() in part.words.casefold()
    return part.words if is_named else f"{part.part}: {part.words}"


class StatusLine(Button):
    """Blink, PostgreSQL, Redis and the price, told apart; as a whole a button."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(role="status", parent=parent)
        self.setAccessibleName(self.tr("State of the till: open the health panel"))
        self._row = QHBoxLayout(self)
        self._row.addStretch(1)
        # That there is more behind it.
        self._more = Label("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", role="status")
        self._more.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._row.addWidget(self._more)
        self._parts: dict[str, tuple[QFrame, ElidedLabel]] = {}
        self._metrics = Metrics()
        self._view = StatusView(parts=())
        self._is_tappable = True
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_tappable(self, *, is_tappable: bool) -> None:
        """Be as high as a finger wants; or as low as can be, while a customer is served."""
        self._is_tappable = is_tappable
        self.setEnabled(is_tappable)
        self._more.setVisible(is_tappable)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the height of a button, or of one line."""
        line = self._row.sizeHint()
        height = self._metrics.target if self._is_tappable else line.height()
        return QSize(line.width(), height)

    def minimumSizeHint(self) -> QSize:
        """Return that height and as little width as its parts can bear."""
        return QSize(self._row.minimumSize().width(), self.sizeHint().height())

    def show_view(self, view: StatusView) -> None:
        """Show how the parts are."""
        told = {part.part for part in view.parts}
        for name, widgets in self._parts.items():
            for widget in widgets:
                widget.setVisible(name in told)
        for part in view.parts:
            if part.part not in self._parts:
                self._add(part)
            dot, words = self._parts[part.part]
            text = _text(part)
            words.setToolTip(text)
            words.setAccessibleName(text)
            restyle(dot, "health", part.health.value)
            words.set_tone("alert" if part.health is Health.AWAY else "")
        self._view = view
        self._fit()

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self._row.setContentsMargins(metrics.margin, 0, metrics.margin, metrics.px(6))
        self._row.setSpacing(metrics.px(6))
        for dot, words in self._parts.values():
            self._space(dot, words)
        self._fit()
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much as fits."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave the room to what is wrong: where it is narrow, what is well has a name only."""
        shown = [(part, self._parts[part.part][1]) for part in self._view.parts]
        if not shown:
            return
        metrics = shown[0][1].fontMetrics()
        each = self._metrics.px(10) + self._metrics.px(14) + 2 * self._metrics.px(6)
        needed = sum(metrics.horizontalAdvance(_text(part)) + each for part, _ in shown)
        needed += 2 * self._metrics.margin + metrics.horizontalAdvance(self._more.text())
        is_narrow = needed > self.width()
        for part, words in shown:
            words.setText(part.part if is_narrow and part.health in _WELL else _text(part))

    def _space(self, dot: QFrame, words: ElidedLabel) -> None:
        side = self._metrics.px(10) // 2 * 2
        dot.setFixedSize(side, side)
        words.setContentsMargins(0, 0, self._metrics.px(14), 0)
        # A long sentence is shortened before its neighbours are.
        words.set_least(self._metrics.px(160))

    def _add(self, part: PartView) -> None:
        """Add a part before the empty rest of the line."""
        dot, words = QFrame(), ElidedLabel(role="status")
        dot.setObjectName("dot")
        for child in (dot, words):
            # A tap on a word is one on the line.
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._parts[part.part] = (dot, words)
        self._space(dot, words)
        words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        at = self._row.count() - 2
        self._row.insertWidget(at, dot, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.insertWidget(at + 1, words)


class Band(Label):
    """The band across every page while the money is not real."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(wrap=True, parent=parent)
        self.setObjectName("band")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_view(self, view: StatusView) -> None:
        """Show the band, or take it away when the money is real."""
        self.setText(view.band)
        self.setVisible(bool(view.band))
