"""What needs a person, on the screen: the badge, the list, the choices and their answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.attention import THE_LEDGER, AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.facts import AttentionChanged, ChoiceFailed, ChoiceTaken
from blinkpos_desktop.domain.hold import Hold, HoldCause
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.ui.bridge import NOT_TAKEN, STARTING, WHO, Bridge, Services
from blinkpos_desktop.ui.pages.attention_page import AttentionPage
from blinkpos_desktop.ui.viewmodels.attention import Attention, AttentionView
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.line import NameLine
from tests.ui.fakes import surplus_of, waiting
from tests.ui.screens import Stage

KEEP, RETRY = Choice(remedy=Remedy.KEEP), Choice(remedy=Remedy.RETRY)
LEFT = Qt.MouseButton.LeftButton


class Person:
    """A viewmodel with what it wants."""

    def __init__(self, *items: AttentionItem) -> None:
        self.model = Attention()
        self.wanted: list[tuple[int, Choice]] = []
        self.model.choice_wanted.connect(lambda id_, choice: self.wanted.append((id_, choice)))
        self.model.on_fact(AttentionChanged(items=items))

    @property
    def view(self) -> AttentionView:
        return self.model.view


def test_the_list_and_the_badges_number() -> None:
    person = Person(waiting(1), waiting(2))
    assert [each.transfer.id for each in person.view.items] == [1, 2]
    assert person.view.count == 2
    person.model.on_fact(AttentionChanged(items=()))
    assert person.view == AttentionView()


@pytest.mark.parametrize("choice", [KEEP, RETRY])
def test_a_choice_is_wanted_once_until_it_is_answered(choice: Choice) -> None:
    person = Person(waiting(1))
    person.model.choose(1, choice.remedy)
    person.model.choose(1, choice.remedy)
    assert person.wanted == [(1, choice)]
    assert person.view.busy == {1}
    person.model.on_fact(ChoiceTaken(transfer_id=1))
    assert person.view.busy == frozenset()


def test_a_choice_that_was_not_taken_says_why_until_the_next_one() -> None:
    person = Person(waiting(1))
    person.model.choose(1, Remedy.KEEP)
    person.model.on_fact(ChoiceFailed(transfer_id=1, sentence="The database is away."))
    view = person.view
    assert (view.busy, view.failed, view.error) == (frozenset(), 1, "The database is away.")
    person.model.choose(1, Remedy.RETRY)
    assert (person.view.failed, person.view.error) == (None, "")


def test_the_other_recipients_name_is_asked_first() -> None:
    person = Person(waiting(1))
    person.model.choose(1, Remedy.SEND)
    assert (person.view.asking, person.wanted) == (1, [])
    person.model.send()
    assert person.wanted == [], "nothing is typed"
    person.model.type_name(" Ana ")
    person.model.send()
    assert person.wanted == [(1, Choice(remedy=Remedy.SEND, recipient="ana"))]
    assert (person.view.asking, person.view.name) == (None, "")


def test_the_question_can_be_left_and_goes_with_its_transfer() -> None:
    person = Person(waiting(1), waiting(2))
    person.model.choose(1, Remedy.SEND)
    person.model.back()
    person.model.send()
    assert (person.view.asking, person.wanted) == (None, [])
    person.model.choose(2, Remedy.SEND)
    person.model.type_name("an")
    person.model.on_fact(AttentionChanged(items=(waiting(1),)))
    assert (person.view.asking, person.view.name) == (None, "")


def test_only_what_can_be_chosen_is_wanted() -> None:
    person = Person(waiting(1, is_foreign=True), waiting(2, paid_retired="ab" * 32))
    for remedy in (Remedy.RETRY, Remedy.KEEP):
        person.model.choose(1, remedy)
        person.model.choose(2, remedy)
        person.model.choose(3, remedy)
    assert person.wanted == []
    person.model.choose(2, Remedy.SEEN)
    assert person.wanted == [(2, Choice(remedy=Remedy.SEEN))]
    surplus = surplus_of(9)
    person.model.on_fact(AttentionChanged(items=(), surpluses=(surplus,)))
    person.model.choose(surplus.payment_id, Remedy.KEEP)
    assert len(person.wanted) == 1


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    stage.window.resize(800, 480)
    stage.window.show()
    qtbot.waitExposed(stage.window)
    return stage


def texts(page: AttentionPage) -> str:
    QTest.qWait(5)
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def line_of(page: AttentionPage) -> NameLine:
    assert page.name is not None
    return page.name


def opened(stage: Stage, *items: AttentionItem) -> AttentionPage:
    stage.tell(AttentionChanged(items=items))
    return opened_page(stage)


def opened_page(stage: Stage) -> AttentionPage:
    QTest.mouseClick(stage.window.attention_tab, LEFT)
    page = stage.window.stack.currentWidget()
    assert isinstance(page, AttentionPage)
    return page


def test_the_badge_is_there_until_the_list_is_empty(stage: Stage) -> None:
    badge = stage.window.attention_tab
    assert not badge.isVisible()
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    assert badge.isVisible()
    assert (badge.text(), badge.accessibleName()) == ("Attention (2)", "2 need attention")
    assert stage.is_on(Screen.KEYPAD)
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.KEYPAD)
    stage.tell(AttentionChanged(items=()))
    assert not badge.isVisible()


def test_the_page_says_what_whom_when_and_why(stage: Stage) -> None:
    page = opened(stage, waiting(1), waiting(2, reason=""))
    shown = texts(page)
    assert "2 sats to elturco" in shown
    assert "This Blink account can no longer receive" in shown
    assert "It cannot go on by itself." in shown
    assert stage.window.attention_tab.isChecked()
    assert set(page.buttons) == {
        (number, remedy) for number in (1, 2) for remedy in (Remedy.RETRY, Remedy.SEND, Remedy.KEEP)
    }
    stage.tell(AttentionChanged(items=()))
    assert texts(page) == "Nothing needs attention"
    QTest.mouseClick(stage.window.till_tab, LEFT)
    assert stage.window.till_tab.isChecked()


HOLD = Hold(
    id=1, cause=HoldCause.RESTORED, external_id="", held_at=1_800_000_000, differing=2, for_person=1
)


def test_a_hold_is_on_the_list_with_its_sentence_until_it_is_over(stage: Stage) -> None:
    stage.tell(AttentionChanged(items=(waiting(1),), hold=HOLD))
    assert stage.window.attention_tab.text() == "Attention (2)"
    page = opened_page(stage)
    shown = texts(page)
    assert HOLD.sentence in shown
    assert "run blinkpos reconcile --fix" in shown
    assert (THE_LEDGER, Remedy.RELEASE) not in page.buttons, "something can still be recorded"
    stage.tell(AttentionChanged(items=(), hold=replace(HOLD, for_person=2)))
    release = page.buttons[THE_LEDGER, Remedy.RELEASE]
    QTest.mouseClick(release, LEFT)
    assert stage.bridge.choices == [(THE_LEDGER, Choice(remedy=Remedy.RELEASE))]
    assert not page.buttons[THE_LEDGER, Remedy.RELEASE].isEnabled()
    stage.tell(ChoiceFailed(transfer_id=THE_LEDGER, sentence="The ledger is not held."))
    assert "The ledger is not held." in texts(page)
    stage.tell(AttentionChanged(items=()))
    assert texts(page) == "Nothing needs attention"


def test_a_tap_keeps_it_and_the_card_waits_for_blink(stage: Stage) -> None:
    page = opened(stage, waiting(1))
    QTest.mouseClick(page.buttons[1, Remedy.KEEP], LEFT)
    assert stage.bridge.choices == [(1, KEEP)]
    assert "Being written down" in texts(page)
    assert not any(button.isEnabled() for button in page.buttons.values())
    stage.tell(ChoiceTaken(transfer_id=1))
    stage.tell(AttentionChanged(items=(waiting(1, choice=KEEP, choice_by="ana"),)))
    assert "Waiting for Blink, then it is kept (chosen by ana)" in texts(page)
    assert not page.buttons[1, Remedy.KEEP].isEnabled()
    assert page.buttons[1, Remedy.RETRY].isEnabled(), "he may change his mind"


def test_another_recipient_is_typed_and_sent_by_touch_or_keyboard(stage: Stage) -> None:
    page = opened(stage, waiting(1))
    QTest.mouseClick(page.buttons[1, Remedy.SEND], LEFT)
    line, send = line_of(page), page.send
    assert send is not None
    assert line.height() >= 48
    assert line.hasFocus()
    assert not send.isEnabled()
    QTest.keyClicks(line, "ana")
    assert send.isEnabled()
    # What happens meanwhile does not disturb the fingers.
    stage.tell(AttentionChanged(items=(waiting(1), waiting(2))))
    assert line_of(page).text() == "ana"
    QTest.keyClicks(line_of(page), "_x")
    QTest.keyClick(line_of(page), Qt.Key.Key_Return)
    assert stage.bridge.choices == [(1, Choice(remedy=Remedy.SEND, recipient="ana_x"))]
    assert page.name is None


def test_a_surplus_is_counted_listed_and_seen_by_a_tap(stage: Stage) -> None:
    surplus = surplus_of(2)
    stage.tell(AttentionChanged(items=(waiting(1),), surpluses=(surplus,)))
    assert stage.window.attention_tab.text() == "Attention (2)"
    QTest.mouseClick(stage.window.attention_tab, LEFT)
    page = stage.window.stack.currentWidget()
    assert isinstance(page, AttentionPage)
    shown = texts(page)
    assert "17 sats more than asked" in shown
    assert "Came in beyond what was asked (counter): kept in the collecting wallet." in shown
    button = page.buttons[surplus.payment_id, Remedy.SEEN]
    assert button.accessibleName() == "I have seen it: 17 sats more than asked"
    QTest.mouseClick(button, LEFT)
    assert stage.bridge.choices == [(surplus.payment_id, Choice(remedy=Remedy.SEEN))]
    assert "Being written down" in texts(page)
    stage.tell(ChoiceFailed(transfer_id=surplus.payment_id, sentence="The database is away."))
    assert "The database is away." in texts(page)
    QTest.mouseClick(page.buttons[surplus.payment_id, Remedy.SEEN], LEFT)
    assert len(stage.bridge.choices) == 2
    stage.tell(ChoiceTaken(transfer_id=surplus.payment_id))
    stage.tell(AttentionChanged(items=(waiting(1),)))
    assert "17 sats" not in texts(page)
    assert stage.window.attention_tab.text() == "Attention (1)"


def test_escape_leaves_the_question_and_then_the_page(stage: Stage) -> None:
    page = opened(stage, waiting(1))
    QTest.mouseClick(page.buttons[1, Remedy.SEND], LEFT)
    QTest.keyClick(line_of(page), Qt.Key.Key_Escape)
    assert page.name is None
    assert stage.window.stack.currentWidget() is page
    QTest.keyClick(stage.window, Qt.Key.Key_Escape)
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.KEYPAD)


def test_keys_do_not_type_behind_the_page(stage: Stage) -> None:
    opened(stage, waiting(1))
    QTest.keyClicks(stage.window, "21")
    QTest.mouseClick(stage.window.till_tab, LEFT)
    assert stage.till.view.entry == Stage().till.view.entry


def test_the_bridge_answers_before_the_services_are_there(qtbot: QtBot) -> None:
    bridge = Bridge()
    with qtbot.waitSignal(bridge.fact) as told:
        bridge.choose(7, KEEP)
    assert told.args == [ChoiceFailed(transfer_id=7, sentence=STARTING)]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (None, ChoiceTaken(transfer_id=7)),
        (InputError("No."), ChoiceFailed(transfer_id=7, sentence="No.")),
        (ZeroDivisionError(), ChoiceFailed(transfer_id=7, sentence=NOT_TAKEN)),
    ],
)
async def test_the_bridge_passes_a_choice_on_and_answers_once(
    qapp: QApplication, error: Exception | None, answer: object
) -> None:
    del qapp
    taken: list[tuple[int, Choice, str]] = []
    told: list[object] = []

    class FakeAttention:
        async def choose(self, transfer_id: int, choice: Choice, who: str) -> None:
            taken.append((transfer_id, choice, who))
            if error is not None:
                raise error

    supervisor, fake = Supervisor(lambda: 0.0), cast("Any", FakeAttention())
    bridge = Bridge()
    answered = asyncio.Event()
    bridge.fact.connect(told.append)
    bridge.fact.connect(lambda _: answered.set())
    nothing = cast("Any", None)
    bridge.attach(
        Services(
            supervisor=supervisor,
            checkout=nothing,
            history=nothing,
            attention=fake,
            announcing=nothing,
            items=nothing,
            cancel=nothing,
            check=nothing,
            take_up=nothing,
            examine=nothing,
        )
    )
    bridge.choose(7, KEEP)
    async with asyncio.timeout(10):
        await answered.wait()
    await supervisor.stop()
    assert taken == [(7, KEEP, WHO)]
    assert told == [answer]
