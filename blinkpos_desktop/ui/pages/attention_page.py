"""The Attention tab: what waits for a person, why, and what he can do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from blinkpos_desktop.domain.announcement import SurplusItem
from blinkpos_desktop.domain.attention import THE_LEDGER, AttentionItem, Remedy
from blinkpos_desktop.domain.hold import Hold
from blinkpos_desktop.ui.viewmodels.attention import Attention, AttentionView
from blinkpos_desktop.ui.viewmodels.times import moment_text
from blinkpos_desktop.ui.viewmodels.words import sats_text
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.line import NameLine
from blinkpos_desktop.ui.widgets.page import Page, clear
from blinkpos_desktop.ui.widgets.row import Row

_ORDER: Final = (Remedy.RETRY, Remedy.SEND, Remedy.KEEP, Remedy.SEEN)


class AttentionPage(Page):
    """One card for each transfer, and each surplus, that waits for a person."""

    def __init__(self, attention: Attention, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Attention"), parent=parent)
        self._attention = attention
        self.buttons: dict[tuple[int, Remedy], Button] = {}
        self.name: NameLine | None = None
        """Where another recipient's username is typed, while one is asked for."""
        self.send: Button | None = None
        self._column = QVBoxLayout(self)
        self._empty = Label(self.tr("Nothing needs attention"), role="title", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.set_tone("quiet")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scroll.setAccessibleName(self.tr("What needs attention"))
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._scroll.setWidget(inner)
        self._column.addWidget(self._empty, 1)
        self._column.addWidget(self._scroll, 1)
        self._shown = AttentionView()
        attention.changed.connect(self.show_view)
        self.show_view(attention.view)

    def show_view(self, view: AttentionView) -> None:
        """Show the list, or that it is empty."""
        self._empty.setVisible(not view.count)
        self._scroll.setVisible(bool(view.count))
        # What is typed is in the line already: building it anew would disturb the fingers.
        if replace(view, name="") != replace(self._shown, name=""):
            self._shown = view
            self._fill(view)
        elif self.send is not None:
            self.send.setEnabled(bool(view.name.strip()))

    def arrange(self) -> None:
        """Space the cards."""
        metrics = self.metrics
        self._column.setContentsMargins(metrics.margin, metrics.gap, metrics.margin, metrics.gap)
        self._rows.setSpacing(metrics.gap)
        self._fill(self._attention.view)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape leave the question for a username first."""
        if event.key() == Qt.Key.Key_Escape and self.name is not None:
            self._attention.back()
        else:
            super().keyPressEvent(event)

    def _fill(self, view: AttentionView) -> None:
        clear(self._rows)
        self.buttons.clear()
        self.name = self.send = None
        if view.hold is not None:
            self._rows.addWidget(self._hold_card(view.hold, view))
        for item in view.items:
            self._rows.addWidget(self._card(item, view))
        for surplus in view.surpluses:
            self._rows.addWidget(self._surplus_card(surplus, view))
        self._rows.addStretch(1)
        if view.asking is not None:
            self._take_focus()

    def _take_focus(self) -> None:
        if self.name is not None:
            self.name.setFocus()

    def _card(self, item: AttentionItem, view: AttentionView) -> QFrame:
        transfer = item.transfer
        title = self.tr("{sats} to {name}").format(
            sats=sats_text(transfer.sats), name=transfer.recipient
        )
        states = self._states(item.transfer.id, view, self._waits(item))
        card, column = self._frame(title, item.paid_at, self._reason(item), states)
        if view.asking == transfer.id:
            column.addLayout(self._question(item, view))
        elif item.remedies:
            column.addLayout(self._choices(item, is_busy=transfer.id in view.busy))
        return card

    def _surplus_card(self, surplus: SurplusItem, view: AttentionView) -> QFrame:
        number, sats = surplus.payment_id, sats_text(surplus.sats)
        title = self.tr("{sats} more than asked").format(sats=sats)
        reason = self.tr(
            "Came in beyond what was asked ({till}): kept in the collecting wallet."
        ).format(till=surplus.till)
        states = self._states(number, view, "")
        card, column = self._frame(title, surplus.paid_at, reason, states)
        button = Button(self.tr("OK"), name=self.tr("I have seen it: {what}").format(what=title))
        button.setEnabled(number not in view.busy)
        button.clicked.connect(lambda: self._attention.choose(number, Remedy.SEEN))
        self.buttons[number, Remedy.SEEN] = button
        column.addWidget(button)
        return card

    def _frame(
        self, title: str, at: int, reason: str, states: list[tuple[str, str]]
    ) -> tuple[QFrame, QVBoxLayout]:
        """Return a card with its words, and the column where its buttons go."""
        card, metrics = QFrame(), self.metrics
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(metrics.margin, metrics.px(10), metrics.margin, metrics.px(10))
        column.setSpacing(metrics.px(6))
        head = QHBoxLayout()
        head.setSpacing(metrics.margin)
        head.addWidget(ElidedLabel(title, role="title"), 1)
        head.addWidget(Label(moment_text(at, self._attention.zone), role="caption"))
        column.addLayout(head)
        column.addWidget(Label(reason, role="caption", wrap=True))
        for text, tone in states:
            state = Label(text, role="caption", wrap=True)
            state.set_tone(tone)
            column.addWidget(state)
        column.addSpacing(metrics.px(2))
        return card, column

    def _hold_card(self, hold: Hold, view: AttentionView) -> QFrame:
        card, metrics = QFrame(), self.metrics
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(metrics.margin, metrics.px(10), metrics.margin, metrics.px(10))
        column.setSpacing(metrics.px(6))
        head = QHBoxLayout()
        head.setSpacing(metrics.margin)
        head.addWidget(ElidedLabel(self.tr("Nothing is forwarded"), role="title"), 1)
        head.addWidget(Label(moment_text(hold.held_at, self._attention.zone), role="caption"))
        column.addLayout(head)
        column.addWidget(Label(hold.sentence, role="caption", wrap=True))
        if view.failed == THE_LEDGER:
            failed = Label(view.error, role="caption", wrap=True)
            failed.set_tone("alert")
            column.addWidget(failed)
        if hold.can_release:
            button = Button(
                self.tr("Forward again"),
                name=self.tr("Forward again: I have looked at what differs"),
            )
            button.setEnabled(THE_LEDGER not in view.busy)
            button.clicked.connect(lambda: self._attention.choose(THE_LEDGER, Remedy.RELEASE))
            self.buttons[THE_LEDGER, Remedy.RELEASE] = button
            column.addWidget(button)
        return card

    def _reason(self, item: AttentionItem) -> str:
        if item.is_foreign:
            return self.tr(
                "This sale was made with another Blink account: "
                "a till with that account's key sends it on."
            )
        if item.paid_retired:
            return self.tr(
                "An invoice of {name} that had been given up was paid after all: talk to {name}."
            ).format(name=item.transfer.recipient)
        return item.transfer.reason or self.tr("It cannot go on by itself.")

    def _waits(self, item: AttentionItem) -> str:
        if item.choice is None:
            return ""
        text = {
            Remedy.SEND: self.tr("Waiting for Blink, then it goes to {name} (chosen by {who})"),
            Remedy.KEEP: self.tr("Waiting for Blink, then it is kept (chosen by {who})"),
        }.get(item.choice.remedy, self.tr("Waiting for Blink (chosen by {who})"))
        return text.format(name=item.choice.recipient, who=item.choice_by)

    def _states(self, number: int, view: AttentionView, waits: str) -> list[tuple[str, str]]:
        states = []
        if number in view.busy:
            states.append((self.tr("Being written down…"), "busy"))
        elif waits:
            states.append((waits, "busy"))
        if view.failed == number:
            states.append((view.error, "alert"))
        return states

    def _choices(self, item: AttentionItem, *, is_busy: bool) -> Row:
        words = {
            Remedy.RETRY: (self.tr("Try again"), self.tr("Try again: {what}")),
            Remedy.SEND: (self.tr("Send to another"), self.tr("Send to another: {what}")),
            Remedy.KEEP: (self.tr("Keep it"), self.tr("Keep it here: {what}")),
            Remedy.SEEN: (self.tr("OK"), self.tr("I have seen it: {what}")),
        }
        row, transfer = Row(), item.transfer
        row.setSpacing(self.metrics.gap)
        what = f"{sats_text(transfer.sats)}, {transfer.recipient}"
        for remedy in _ORDER:
            if remedy not in item.remedies:
                continue
            text, name = words[remedy]
            button = Button(text, name=name.format(what=what))
            is_chosen = item.choice is not None and item.choice.remedy is remedy
            button.setEnabled(not is_busy and not (is_chosen and remedy is Remedy.KEEP))
            button.clicked.connect(
                lambda _checked=False, id_=transfer.id, it=remedy: self._attention.choose(id_, it)
            )
            self.buttons[transfer.id, remedy] = button
            row.add(button)
        return row

    def _question(self, item: AttentionItem, view: AttentionView) -> Row:
        row = Row()
        row.setSpacing(self.metrics.gap)
        self.name = NameLine(view.name, hint=self.tr("Blink username"))
        self.name.textEdited.connect(self._attention.type_name)
        self.name.returnPressed.connect(self._attention.send)
        self.send = Button(
            self.tr("Send"),
            role="main",
            name=self.tr("Send {sats} to this username").format(sats=sats_text(item.transfer.sats)),
        )
        self.send.setEnabled(bool(view.name.strip()))
        self.send.clicked.connect(self._attention.send)
        back = Button(self.tr("Back"))
        back.clicked.connect(self._attention.back)
        row.add(self.name, 4)
        row.add(self.send)
        row.add(back)
        return row
