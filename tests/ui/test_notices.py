"""The lines beside the keypad: what must be seen by a person stays until the ledger says it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.appearance import Appearance
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import (
    AnnouncementsChanged,
    PaymentPaid,
    PaymentSeen,
    SeeingFailed,
    UnassignedIncome,
)
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.ui.bridge import NOT_SEEN, STARTING, WHO, Bridge, Services
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.notices import Notices
from blinkpos_desktop.ui.viewmodels.view import NoticeKind, Screen
from blinkpos_desktop.ui.widgets.button import Button
from tests.ui.fakes import NOON, announcement_of, payment_for, sale_of
from tests.ui.screens import SIZES, Stage, beside, on_stage

LEFT = Qt.MouseButton.LeftButton


def payment(number: int = 1, **changes: Any) -> Payment:  # noqa: ANN401
    return payment_for(sale_of(), number=number, **changes)


def kinds(notices: Notices, shown: Payment | None = None) -> list[NoticeKind]:
    return [line.kind for line in notices.lines(shown)]


def test_the_ledgers_list_is_told_newest_first_and_before_what_was_heard() -> None:
    notices = Notices()
    for number in range(5):
        notices.paid(payment(number, paid_at=NOON + 9))
    notices.take(UnassignedIncome(id="x", amount=None, at=NOON + 10))
    items = tuple(
        announcement_of(payment(number), was_closed=number == 8, at=NOON + number)
        for number in (9, 8, 7)
    )
    notices.take(AnnouncementsChanged(items=items))
    assert [(line.id[-1], line.kind) for line in notices.lines(None)] == [
        ("9", NoticeKind.UNSEEN),
        ("8", NoticeKind.LATE),
        ("7", NoticeKind.UNSEEN),
        ("x", NoticeKind.UNASSIGNED),
        ("4", NoticeKind.ELSEWHERE),
        ("3", NoticeKind.ELSEWHERE),
    ]


def test_an_ordinary_line_becomes_an_announcement_and_goes_when_it_was_seen_elsewhere() -> None:
    notices = Notices()
    notices.paid(payment(paid_at=NOON))
    assert kinds(notices) == [NoticeKind.ELSEWHERE]
    notices.take(AnnouncementsChanged(items=(announcement_of(payment()),)))
    assert kinds(notices) == [NoticeKind.UNSEEN]
    # Seen at another till: it has left the list, and is not told a second time.
    notices.take(AnnouncementsChanged(items=()))
    notices.paid(payment(paid_at=NOON))
    assert [line for line in notices.lines(None) if line.is_sticky] == []


def test_late_money_that_was_seen_already_is_only_a_line() -> None:
    notices = Notices()
    notices.paid(payment(was_closed=True, is_seen=True))
    assert kinds(notices) == [NoticeKind.ELSEWHERE]


def test_money_for_a_sale_that_was_left_open_must_be_seen_however_it_was_told() -> None:
    notices = Notices()
    notices.paid(payment(paid_at=NOON))
    notices.left_open(payment(paid_at=NOON))
    assert kinds(notices) == [NoticeKind.LEFT_OPEN]
    notices.take(AnnouncementsChanged(items=(announcement_of(payment()),)))
    assert kinds(notices) == [NoticeKind.LEFT_OPEN]
    notices.take(PaymentSeen(payment_id=payment().id))
    assert notices.lines(None) == ()


def test_what_is_on_the_screen_or_was_green_is_no_line() -> None:
    notices, shown = Notices(), payment()
    notices.take(AnnouncementsChanged(items=(announcement_of(shown), announcement_of(payment(2)))))
    assert [line.payment_id for line in notices.lines(shown)] == [payment(2).id]
    # Given up without green it must be seen after all.
    notices.give_up(shown.payment_hash)
    assert NoticeKind.GIVEN_UP in kinds(notices)
    notices.green(shown)
    assert [line.payment_id for line in notices.lines(None)] == [payment(2).id]
    notices.paid(shown)
    assert len(notices.lines(None)) == 1


def test_a_person_presses_once_until_it_is_written_or_has_failed() -> None:
    notices = Notices()
    notices.paid(payment(was_closed=True))
    [line] = notices.lines(None)
    assert notices.acknowledge(line)
    [busy] = notices.lines(None)
    assert busy.is_busy
    assert not notices.acknowledge(busy)
    notices.not_seen(payment().id)
    [again] = notices.lines(None)
    assert not again.is_busy
    assert notices.acknowledge(again)
    notices.take(PaymentSeen(payment_id=payment().id))
    assert notices.lines(None) == ()
    notices.take(UnassignedIncome(id="x", amount=None, at=NOON))
    assert not notices.acknowledge(notices.lines(None)[0]), "nobody waits for that"


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    stage.window.resize(800, 480)
    stage.window.show()
    qtbot.waitExposed(stage.window)
    return stage


def page_of(stage: Stage) -> KeypadPage:
    page = stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    return page


def words(page: KeypadPage) -> str:
    QTest.qWait(5)
    labels = [label for label in page.notices.findChildren(QLabel) if label.isVisible()]
    return "\n".join(label.text() for label in labels)


def test_money_that_nobody_saw_says_how_much_when_and_where(stage: Stage) -> None:
    page = page_of(stage)
    late = replace(payment(till="bar"), received_sats=40)
    stage.tell(AnnouncementsChanged(items=(announcement_of(late, was_closed=True),)))
    shown = words(page)
    assert shown.startswith("40 sats\n")
    assert shown.endswith(", bar: its sale was closed")
    [button] = page.notices.findChildren(Button)
    QTest.mouseClick(button, LEFT)
    assert stage.bridge.acknowledged == [late.id]
    QTest.qWait(5)
    [button] = [each for each in page.notices.findChildren(Button) if each.isVisible()]
    assert not button.isEnabled()
    stage.tell(SeeingFailed(payment_id=late.id, sentence="The database is away."))
    QTest.qWait(5)
    assert page.hint.text() == "The database is away."
    [button] = [each for each in page.notices.findChildren(Button) if each.isVisible()]
    QTest.mouseClick(button, LEFT)
    stage.tell(PaymentSeen(payment_id=late.id))
    assert words(page) == ""
    assert page.hint.text() == ""
    assert stage.bridge.acknowledged == [late.id] * 2


def test_unassigned_income_is_a_line_without_badge_button_or_sound(stage: Stage) -> None:
    page = page_of(stage)
    sounds: list[object] = []
    stage.till.sound_wanted.connect(sounds.append)
    income = UnassignedIncome(id="x", amount=Money(minor=500, currency=SATS), at=NOON)
    stage.tell(income)
    shown = words(page)
    assert shown.startswith("500 sats\ncame in at ")
    assert shown.endswith(" that no sale here asked for")
    assert page.notices.findChildren(Button) == []
    assert not stage.window.attention_tab.isVisible()
    assert sounds == []


def test_many_are_counted_and_push_nothing_away(stage: Stage) -> None:
    page = page_of(stage)
    QApplication.processEvents()
    before = [widget.geometry() for widget in (page.amount, page.hint, page.keypad)]
    items = tuple(announcement_of(payment(number), at=NOON - number) for number in range(200))
    stage.tell(AnnouncementsChanged(items=items))
    QTest.qWait(10)
    assert [widget.geometry() for widget in (page.amount, page.hint, page.keypad)] == before
    shown = words(page).splitlines()
    cards = len(shown) // 2
    assert cards > 0
    assert shown[-1] == f"and {200 - cards} more"


def test_green_is_told_to_the_bridge(stage: Stage) -> None:
    stage.type("21")
    shown = replace(stage.invoice(), paid_at=NOON)
    stage.tell(PaymentPaid(payment=payment(number=2, was_closed=True)))
    assert stage.bridge.green == []
    stage.tell(PaymentPaid(payment=shown))
    assert stage.bridge.green == [shown]


async def test_the_bridge_answers_an_acknowledgement_whatever_happens(qapp: QApplication) -> None:
    del qapp
    told: list[object] = []
    answered = asyncio.Event()
    bridge = Bridge()
    bridge.fact.connect(told.append)
    bridge.fact.connect(lambda _: answered.set())
    bridge.shown(payment())
    bridge.acknowledge(7)
    assert told == [SeeingFailed(payment_id=7, sentence=STARTING)]

    class FakeAnnouncing:
        error: Exception | None = None
        shown_ids: list[int] = []  # noqa: RUF012 (one object)

        def shown(self, paid: Payment) -> None:
            self.shown_ids.append(paid.id)

        async def see(self, payment_id: int, who: str) -> bool:
            assert (payment_id, who) == (7, WHO)
            if self.error is not None:
                raise self.error
            bridge.tell(PaymentSeen(payment_id=payment_id))
            return False

    supervisor, fake, nothing = Supervisor(lambda: 0.0), FakeAnnouncing(), cast("Any", None)
    bridge.attach(
        Services(
            supervisor=supervisor,
            checkout=nothing,
            history=nothing,
            attention=nothing,
            announcing=cast("Any", fake),
            items=nothing,
            cancel=nothing,
            check=nothing,
            take_up=nothing,
            examine=nothing,
        )
    )
    bridge.shown(payment())
    assert fake.shown_ids == [payment().id]
    for error, answer in (
        # Somebody else was faster: it is seen all the same.
        (None, PaymentSeen(payment_id=7)),
        (UnavailableError("Away."), SeeingFailed(payment_id=7, sentence="Away.")),
        (ZeroDivisionError(), SeeingFailed(payment_id=7, sentence=NOT_SEEN)),
    ):
        fake.error = error
        answered.clear()
        bridge.acknowledge(7)
        async with asyncio.timeout(10):
            await answered.wait()
        assert told[-1] == answer
    await supervisor.stop()


@pytest.mark.parametrize("size", [SIZES[0], SIZES[3]])
@pytest.mark.parametrize("make", [beside.notices, beside.notices_many, beside.left_open_paid])
def test_in_large_text_too_a_payment_can_be_read_and_acknowledged(
    qtbot: QtBot, make: Callable[[], Stage], size: QSize
) -> None:
    stage = on_stage(make, size, appearance=Appearance(text_scale=200))
    qtbot.addWidget(stage.window)
    page = stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    seen = [each for each in page.notices.findChildren(Button) if each.isVisible()]
    assert seen
    for button in seen:
        corner = button.mapTo(page.notices, button.rect().topLeft())
        assert page.notices.rect().contains(QRect(corner, button.size()))
