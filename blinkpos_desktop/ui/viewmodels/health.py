"""The health panel: every check in words, looked at anew while it is open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from blinkpos_desktop.domain.facts import HealthExamined
from blinkpos_desktop.domain.health import Check, Mark, Verdict, worst
from blinkpos_desktop.domain.health_words import MARKS, NAMES, words

AGAIN_MS: Final = 5_000
"""From one answer to the next question."""
LOST_MS: Final = 15_000
"""An answer that takes longer does not come: the till was still starting."""
_WORST_FIRST: Final = (Mark.FAILING, Mark.WARNING, Mark.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One check, in words."""

    check: Check
    mark: Mark
    name: str
    mark_words: str
    state: str
    remedy: str = ""
    """What to do; empty when nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """The panel at one moment. ``checks`` are empty before the first answer, the worst first."""

    checks: tuple[CheckView, ...] = ()
    mark: Mark = Mark.OK
    title: str = ""


class HealthPanel(QObject):
    """The panel's state.

    Signals:
        changed: a new HealthView.
        examine_wanted: everything is to be looked at; HealthExamined answers.
    """

    changed = Signal(object)
    examine_wanted = Signal()

    def __init__(
        self,
        *,
        parent: QObject | None = None,
        again_ms: int = AGAIN_MS,
        lost_ms: int = LOST_MS,
    ) -> None:
        super().__init__(parent)
        self._again_ms, self._lost_ms = again_ms, lost_ms
        self._view = HealthView(title=self.tr("Looking…"))
        self._is_open = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)

    @property
    def view(self) -> HealthView:
        """The panel now."""
        return self._view

    def open(self) -> None:
        """Show the panel: everything is looked at now, and then again and again."""
        self._is_open = True
        self._ask()

    def close(self) -> None:
        """Leave the panel: nothing is asked behind the scenes."""
        self._is_open = False
        self._timer.stop()

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        if not isinstance(fact, HealthExamined):
            return
        checks = tuple(_in_words(verdict) for verdict in fact.verdicts)
        checks = tuple(sorted(checks, key=lambda each: _WORST_FIRST.index(each.mark)))
        mark = worst(fact.verdicts)
        title = {
            Mark.OK: self.tr("All is well"),
            Mark.WARNING: self.tr("Something may become trouble"),
            Mark.FAILING: self.tr("Something is failing"),
        }[mark]
        self._set(replace(self._view, checks=checks, mark=mark, title=title))
        if self._is_open:
            self._timer.start(self._again_ms)

    def _ask(self) -> None:
        self._timer.start(self._lost_ms)
        self.examine_wanted.emit()

    def _set(self, view: HealthView) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit(view)


def _in_words(verdict: Verdict) -> CheckView:
    state, remedy = words(verdict, _translated)
    return CheckView(
        check=verdict.check,
        mark=verdict.mark,
        name=_translated(NAMES[verdict.check]),
        mark_words=_translated(MARKS[verdict.mark]),
        state=_unbroken(state),
        remedy=_unbroken(remedy),
    )


def _unbroken(text: str) -> str:
    """Keep an option of a command on one line: a line may else end after its hyphens."""
    return text.replace("--", "-\N{WORD JOINER}-\N{WORD JOINER}")


def _translated(text: str) -> str:
    return QCoreApplication.translate("Health", text)
