"""What needs a person: the list, the badge's number, and the choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.announcement import SurplusItem
from blinkpos_desktop.domain.attention import THE_LEDGER, AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    ChoiceFailed,
    ChoiceTaken,
    TillRestarting,
)
from blinkpos_desktop.domain.hold import Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionView:
    """The list at one moment. ``busy`` are the numbers whose choice is being written down.

    Transfers and payments have one row of numbers: a surplus has its payment's.
    """

    items: tuple[AttentionItem, ...] = ()
    surpluses: tuple[SurplusItem, ...] = ()
    hold: Hold | None = None
    """Why nothing is forwarded, while that is so."""
    busy: frozenset[int] = frozenset()
    asking: int | None = None
    """The transfer for which another recipient's username is asked."""
    name: str = ""
    """What is typed of it."""
    failed: int | None = None
    """The transfer whose last choice was not taken."""
    error: str = ""
    """Why it was not."""

    @property
    def count(self) -> int:
        """The badge's number."""
        return len(self.items) + len(self.surpluses) + (self.hold is not None)


class Attention(QObject):
    """The list's state and the person's acts.

    Signals:
        changed: a new AttentionView.
        choice_wanted: a number and the Choice for it; ChoiceTaken or
            ChoiceFailed answers, once.
    """

    changed = Signal(object)
    choice_wanted = Signal(object, object)

    def __init__(self, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zone: tzinfo | None = None
        """Of the shop's clock; the machine's without one."""
        self._view = AttentionView()

    @property
    def view(self) -> AttentionView:
        """The list now."""
        return self._view

    def choose(self, transfer_id: int, remedy: Remedy) -> None:
        """Choose for a number of the list; SEND asks for the username first."""
        if remedy is Remedy.SEND:
            self._set(self._calm(asking=transfer_id, name=""))
        else:
            self._want(transfer_id, Choice(remedy=remedy))

    def type_name(self, text: str) -> None:
        """Take what is typed of the username."""
        self._set(replace(self._view, name=text))

    def send(self) -> None:
        """Send it to the typed username."""
        name, asking = self._view.name.strip().lower(), self._view.asking
        if asking is not None and name:
            self._want(asking, Choice(remedy=Remedy.SEND, recipient=name))

    def back(self) -> None:
        """Ask for no username after all."""
        self._set(self._calm(asking=None, name=""))

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        match fact:
            case AttentionChanged():
                self._arrived(fact)
            case TillRestarting():
                self._set(AttentionView())
            case ChoiceTaken():
                self._set(replace(self._view, busy=self._view.busy - {fact.transfer_id}))
            case ChoiceFailed():
                self._set(
                    replace(
                        self._view,
                        busy=self._view.busy - {fact.transfer_id},
                        failed=fact.transfer_id,
                        error=fact.sentence,
                    )
                )

    def _arrived(self, fact: AttentionChanged) -> None:
        there = {each.transfer.id for each in fact.items}
        there |= {each.payment_id for each in fact.surpluses}
        there |= {THE_LEDGER} if fact.hold else set()
        view = replace(
            self._view,
            items=fact.items,
            surpluses=fact.surpluses,
            hold=fact.hold,
            busy=self._view.busy & there,
        )
        if view.asking not in there:
            view = replace(view, asking=None, name="")
        if view.failed not in there:
            view = replace(view, failed=None, error="")
        self._set(view)

    def _want(self, transfer_id: int, choice: Choice) -> None:
        remedies = {each.transfer.id: each.remedies for each in self._view.items}
        remedies |= {each.payment_id: each.remedies for each in self._view.surpluses}
        if self._view.hold is not None and self._view.hold.can_release:
            remedies[THE_LEDGER] = frozenset({Remedy.RELEASE})
        can_be = choice.remedy in remedies.get(transfer_id, ())
        if not can_be or transfer_id in self._view.busy:
            return
        view = self._calm(asking=None, name="")
        self._set(replace(view, busy=view.busy | {transfer_id}))
        self.choice_wanted.emit(transfer_id, choice)

    def _calm(self, *, asking: int | None, name: str) -> AttentionView:
        return replace(self._view, asking=asking, name=name, failed=None, error="")

    def _set(self, view: AttentionView) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit(view)
