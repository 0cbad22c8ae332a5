"""The status line: a dot and words for each part, and the band for money that is not real."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from blinkpos_desktop.domain.facts import Health
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.status import PartView, StatusView
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label, restyle


class StatusLine(QWidget):
    """Blink, PostgreSQL and Redis, told apart."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("State of the till"))
        self._row = QHBoxLayout(self)
        self._row.addStretch(1)
        self._parts: dict[str, tuple[QFrame, ElidedLabel]] = {}
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_view(self, view: StatusView) -> None:
        """Show how the parts are."""
        for part in view.parts:
            if part.part not in self._parts:
                self._add(part)
            dot, words = self._parts[part.part]
            named = part.words.startswith(part.part)
            words.setText(part.words if named else f"{part.part}: {part.words}")
            words.setToolTip(words.text())
            words.setAccessibleName(words.text())
            restyle(dot, "health", part.health.value)
            words.set_tone("alert" if part.health is Health.AWAY else "")

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._row.setContentsMargins(metrics.margin, 0, metrics.margin, metrics.px(6))
        self._row.setSpacing(metrics.px(6))
        for dot, words in self._parts.values():
            side = metrics.px(10) // 2 * 2
            dot.setFixedSize(side, side)
            words.setContentsMargins(0, 0, metrics.px(14), 0)
            # A long sentence is shortened before its neighbours are.
            words.set_least(metrics.px(160))

    def _add(self, part: PartView) -> None:
        """Add a part before the empty rest of the line."""
        dot, words = QFrame(), ElidedLabel(role="status")
        dot.setObjectName("dot")
        self._parts[part.part] = (dot, words)
        words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        at = self._row.count() - 1
        self._row.insertWidget(at, dot, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.insertWidget(at + 1, words)


class Band(Label):
    """The band across every page while the money is not real."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("band")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_view(self, view: StatusView) -> None:
        """Show the band, or take it away when the money is real."""
        self.setText(view.band)
        self.setVisible(bool(view.band))
