"""The History tab: a list without end, a search, and a sale's story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QScroller, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    PaymentPaid,
    SalesFailed,
    SalesFound,
    StoryFailed,
    StoryLoaded,
)
from blinkpos_desktop.domain.history import PAGE_SALES, Days, Page, PastSale, Place, Search
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.seeking import Sort
from blinkpos_desktop.domain.story import Story, StoryEvent
from blinkpos_desktop.domain.transfer import TransferEvent
from blinkpos_desktop.ui.pages.history_page import HistoryPage
from blinkpos_desktop.ui.viewmodels.history import History
from blinkpos_desktop.ui.viewmodels.sales_model import KEPT_PAGES, SalesModel
from blinkpos_desktop.ui.viewmodels.story import _transfer_words, story_view
from blinkpos_desktop.ui.viewmodels.words import Tone
from blinkpos_desktop.ui.widgets.story import MOST_STEPS
from tests.ui.fakes import USD, payment_for, sale_of, shop, transfers_of, waiting
from tests.ui.screens import SIZES, Stage
from tests.ui.screens.history import past_sales

LEFT = Qt.MouseButton.LeftButton
MILLION = 1_000_000
NOON = int(datetime(2026, 8, 5, 12, tzinfo=UTC).timestamp())
ONE = past_sales()[0]


def numbered(number: int) -> PastSale:
    return replace(ONE, payment_id=number, made_us=(NOON - number * 60) * 1_000_000)


class Ledger:
    """A million sales, none of which is made before it is asked for."""

    def __init__(self, sales: int = MILLION) -> None:
        self.sales, self.asked = sales, 0

    def page(self, behind: Place | None) -> Page:
        self.asked += 1
        first = behind.payment_id + 1 if behind else 0
        found = [numbered(at) for at in range(first, min(first + PAGE_SALES, self.sales))]
        has_more = bool(found) and found[-1].payment_id < self.sales - 1
        return Page(sales=tuple(found), end=found[-1].place if has_more else None)


@pytest.fixture
def asked() -> list[tuple[int, Search, Place | None]]:
    return []


@pytest.fixture
def history(asked: list[tuple[int, Search, Place | None]]) -> History:
    history = History(
        currency=USD, zone=UTC, now=lambda: NOON, give_up_ms=30, typed_ms=1, calm_ms=1
    )
    history.find_wanted.connect(lambda *question: asked.append(question))
    return history


Asked = list[tuple[int, Search, Place | None]]


def answer(history: History, asked: Asked, page: Page) -> None:
    history.on_fact(SalesFound(ticket=asked[-1][0], page=page))


def ids(model: SalesModel) -> Iterator[int | None]:
    for row in range(model.rowCount()):
        sale = model.sale(row)
        yield sale.payment_id if sale else None


# -- the model --------------------------------------------------------------------------------


def test_a_million_sales_are_scrolled_over_and_few_are_held() -> None:
    model, ledger = SalesModel(lambda _: "said"), Ledger(PAGE_SALES * 3 * KEPT_PAGES + 7)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.begin(ledger.page(None))
    while model.canFetchMore(QModelIndex()):
        rows = model.rowCount()
        number = model.wanted(rows - 10, rows - 1)
        assert number is not None
        model.put(number, ledger.page(model.behind(number)))
        assert model.held <= KEPT_PAGES * PAGE_SALES
    assert model.rowCount() == ledger.sales
    assert model.wanted(ledger.sales - 9, ledger.sales - 1) is None
    # What was let go is read again when somebody looks back, and is the same.
    assert model.sale(60) is None
    assert model.data(model.index(60), SalesModel.SALE) is None
    while (number := model.wanted(55, 65)) is not None:
        model.put(number, ledger.page(model.behind(number)))
    sale = model.sale(60)
    assert sale is not None
    assert sale.payment_id == 60
    assert model.data(model.index(60)) == "said"
    assert model.held <= KEPT_PAGES * PAGE_SALES


def test_the_same_first_page_moves_nothing(qtbot: QtBot) -> None:
    model, ledger = SalesModel(lambda _: ""), Ledger(20)
    model.begin(ledger.page(None))
    with qtbot.assertNotEmitted(model.modelReset):
        model.begin(ledger.page(None))
    with qtbot.waitSignal(model.modelReset):
        model.begin(Ledger(21).page(None))


# -- the view model ---------------------------------------------------------------------------


def test_it_is_loaded_when_opened_and_not_before(history: History, asked: Asked) -> None:
    history.on_fact(PaymentPaid(payment=payment_for(sale_of())))
    QTest.qWait(5)
    assert asked == []
    history.open()
    assert [question[1:] for question in asked] == [(Search(), None)]
    answer(history, asked, Ledger(3).page(None))
    assert (history.view.rows, history.view.is_loading) == (3, False)


def test_the_next_page_is_there_before_the_end_is_reached(history: History, asked: Asked) -> None:
    ledger = Ledger(500)
    history.open()
    for _ in range(3):
        answer(history, asked, ledger.page(asked[-1][2]))
    # Two pages ahead of the rows that can be seen, and no further.
    assert len(asked) == 3
    assert list(ids(history.model)) == list(range(150))
    history.look(49, 55)
    assert len(asked) == 4
    assert asked[-1][2] == numbered(149).place
    history.look(50, 60)
    assert len(asked) == 4


def test_a_search_typed_anew_gives_the_one_before_up(
    history: History, asked: Asked, qtbot: QtBot
) -> None:
    history.open()
    answer(history, asked, Ledger(3).page(None))
    history.type("1")
    history.type("12")
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[-1][1].least_price is not None
    first = asked[-1][0]
    with qtbot.waitSignal(history.stop_wanted):
        history.type("12.5")
    qtbot.waitUntil(lambda: len(asked) == 3)
    history.on_fact(SalesFound(ticket=first, page=Ledger(1).page(None)))
    history.on_fact(SalesFailed(ticket=first, sentence="No."))
    assert history.view.is_loading
    assert history.view.rows == 3
    answer(history, asked, Page(sales=(), end=None))
    assert (history.view.rows, history.view.is_narrowed) == (0, True)
    history.read_otherwise()
    assert asked[-1][1] == Search(words="12.5")


def test_days_narrow_what_is_looked_for(history: History, asked: Asked) -> None:
    history.open()
    days = Days(first=date(2026, 8, 1), last=date(2026, 8, 2))
    history.choose_days(days)
    span = days.span(UTC)
    assert asked[-1][1] == Search(since=span.start, until=span.end)
    history.type("14:30")
    history.retry()
    at = int(datetime(2026, 8, 2, 14, 30, tzinfo=UTC).timestamp())
    assert asked[-1][1] == Search(since=at - 1800, until=at + 1860)
    history.choose_days(None)
    assert history.view.days is None


def test_what_was_meant_stays_when_the_shop_has_another_currency(
    history: History, asked: Asked
) -> None:
    history.open()
    history.type("5")
    history.read_otherwise()
    history.read_otherwise()
    assert asked[-1][1] == Search(words="5")
    history.on_fact(shop())
    days = Days(first=date(2026, 8, 1), last=date(2026, 8, 2))
    history.choose_days(days)
    assert history.view.readings[history.view.reading].sort is Sort.NOTE
    assert asked[-1][1].words == "5"


def test_silence_is_said_after_a_while_and_can_be_tried_again(
    history: History, asked: Asked, qtbot: QtBot
) -> None:
    history.open()
    with qtbot.waitSignal(history.stop_wanted):
        qtbot.waitUntil(lambda: bool(history.view.error), timeout=1_000)
    history.retry()
    assert history.view.error == ""
    ledger = Ledger(500)
    answer(history, asked, ledger.page(None))
    history.on_fact(SalesFailed(ticket=asked[-1][0], sentence="The database is away."))
    assert (history.view.rows, history.view.error) == (50, "The database is away.")
    before = len(asked)
    history.look(30, 40)
    # Nobody hammers on what is away; a person asks again.
    assert len(asked) == before
    history.retry()
    assert asked[-1][2] == numbered(49).place


def test_what_moves_is_shown_where_it_disturbs_nobody(
    history: History, asked: Asked, qtbot: QtBot
) -> None:
    paid = PaymentPaid(payment=payment_for(sale_of()))
    ledger = Ledger(1000)
    history.open()
    for _ in range(3):
        answer(history, asked, ledger.page(asked[-1][2]))
    history.look(40, 50)
    answer(history, asked, ledger.page(asked[-1][2]))
    before = len(asked)
    history.on_fact(paid)
    QTest.qWait(10)
    assert len(asked) == before
    history.look(0, 10)
    qtbot.waitUntil(lambda: len(asked) == before + 1)
    assert asked[-1][2] is None
    new = Page(sales=(numbered(-1), *ledger.page(None).sales[:-1]), end=numbered(48).place)
    answer(history, asked, new)
    assert next(ids(history.model)) == -1
    history.close()
    history.on_fact(paid)
    QTest.qWait(10)
    assert not history.view.is_loading


def test_a_story_that_is_silent_is_said_and_asked_for_again(history: History, qtbot: QtBot) -> None:
    told: list[int] = []
    history.story_wanted.connect(told.append)
    history.open()
    history.open_story(ONE)
    assert told == [ONE.payment_id]
    history.on_fact(StoryFailed(payment_id=1, sentence="Another's."))
    assert history.view.story_error == ""
    qtbot.waitUntil(lambda: bool(history.view.story_error), timeout=1_000)
    history.retry()
    assert told == [ONE.payment_id] * 2
    story = Story(payment=payment_for(sale_of()), invoices=(), events=())
    history.on_fact(StoryLoaded(payment_id=ONE.payment_id, story=story))
    assert getattr(history.view.story, "payment_hash", "") == story.payment.payment_hash
    assert history.back()
    assert not history.view.story
    assert not history.back()


# -- a story in words -------------------------------------------------------------------------


def event_of(event: str, *, transfer: int | None = None, at: float = 0, **words: str) -> StoryEvent:
    values = {"reason": "", "error": "", "till": "counter", "who": ""} | words
    return StoryEvent(
        at=NOON + at,
        transfer_id=transfer,
        event=event,
        state_before=None,
        state_after="",
        process="",
        **values,
    )


def test_a_story_is_told_in_plain_words() -> None:
    payment = payment_for(
        sale_of(),
        state=PaymentState.COMPLETED,
        paid_at=NOON,
        created_at=NOON,
        received_sats=24,
        transfers=transfers_of(21, 2),
    )
    events = (
        event_of("intended", at=-86_400),
        event_of("paid", till="bar"),
        event_of("send_succeeded", transfer=2),
        event_of("keep_chosen", transfer=1, reason="keep", error="E", who="Eva"),
        event_of("something_new"),
        event_of("something_new", transfer=1),
    )
    view = story_view(
        Story(payment=payment, invoices=(), events=events),
        replace(ONE, note="Table 4"),
        today=date(2026, 8, 5),
        zone=UTC,
    )
    assert [(step.day, step.words, step.detail) for step in view.steps] == [
        ("Yesterday", "Sale begun", ""),
        ("Today", "Customer paid", "bar"),
        ("", "2 sats reached elturco", ""),
        ("", "21 sats kept here", "keep · E · chosen by Eva at counter"),
        ("", "something new", ""),
        ("", "cafe: something new", ""),
    ]
    assert dict(view.facts) == {
        "When": "Today, 12:00 at counter",
        "Tip": "2 sats",
        "Received": "24 sats",
        "Note": "Table 4",
    }
    assert (view.state, view.tone) == ("Paid", Tone.GOOD)


def test_every_event_of_a_transfer_has_words() -> None:
    assert {each.value for each in TransferEvent} <= set(_transfer_words())


# -- the page ---------------------------------------------------------------------------------


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage(currency=USD).ready()
    qtbot.addWidget(stage.window)
    stage.window.resize(SIZES[0])
    stage.window.show()
    qtbot.waitExposed(stage.window)
    return stage


def opened(stage: Stage, ledger: Ledger) -> HistoryPage:
    QTest.mouseClick(stage.window.history_tab, LEFT)
    page = stage.window.stack.currentWidget()
    assert isinstance(page, HistoryPage)
    serve(stage, ledger)
    QApplication.processEvents()
    return page


def serve(stage: Stage, ledger: Ledger) -> None:
    while stage.history.view.is_loading:
        ticket, _, behind = stage.bridge.searches[-1]
        stage.tell(SalesFound(ticket=ticket, page=ledger.page(behind)))


def texts(page: QWidget) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def push(window: QWidget, surface: QWidget) -> None:
    """Push what is there upwards, as a finger does."""
    device = QTest.createTouchDevice()
    points = [surface.mapTo(window, QPoint(200, 250 - 10 * at)) for at in range(20)]
    QTest.touchEvent(window, device).press(0, points[0], window).commit()
    for point in points[1:]:
        QTest.qWait(4)
        QTest.touchEvent(window, device).move(0, point, window).commit()
    QTest.touchEvent(window, device).release(0, points[-1], window).commit()


def test_scrolling_never_meets_the_end(stage: Stage) -> None:
    ledger = Ledger()
    page = opened(stage, ledger)
    bar, model = page.list.verticalScrollBar(), stage.history.model
    for _ in range(60):
        bar.setValue(bar.value() + 20 * page.list.rowHeight(0))
        serve(stage, ledger)
        QApplication.processEvents()
        assert bar.maximum() - bar.value() > page.list.viewport().height()
    assert model.rowCount() > 1200
    bar.setValue(0)
    serve(stage, ledger)
    assert page.list.rowAt(5) == 0
    assert model.held <= KEPT_PAGES * PAGE_SALES


def test_a_tap_tells_a_story_and_a_push_does_not(stage: Stage, qtbot: QtBot) -> None:
    page = opened(stage, Ledger(300))
    surface = page.list.viewport()
    bar, scroller = page.list.verticalScrollBar(), QScroller.scroller(surface)
    push(stage.window, surface)
    qtbot.waitUntil(lambda: bar.value() > 100)
    assert stage.bridge.stories == []
    scroller.stop()
    bar.setValue(0)
    serve(stage, Ledger(300))
    QTest.mouseClick(surface, LEFT, pos=QPoint(200, page.list.rowHeight(0) + 10))
    qtbot.waitUntil(lambda: stage.bridge.stories == [1])
    assert "$13.75" in texts(page)
    assert "Loading…" in texts(page)
    payment = payment_for(sale_of(1250, currency=USD), paid_at=NOON, state=PaymentState.PAID)
    steps = tuple(event_of("send_started", transfer=1, at=at) for at in range(MOST_STEPS + 5))
    story = Story(payment=payment, invoices=(), events=steps)
    stage.tell(StoryLoaded(payment_id=1, story=story))
    assert page.story.more is not None
    assert page.story.more.text() == "5 earlier steps"
    page.story.more.click()
    QApplication.processEvents()
    assert texts(page).count(
        "11 250 sats sent to cafe".replace(" ", "\N{NARROW NO-BREAK SPACE}", 1)
    ) == len(steps)
    assert page.story.copy is not None
    page.story.copy.click()
    assert QGuiApplication.clipboard().text() == payment.payment_hash
    QTest.keyClick(page.story, Qt.Key.Key_Escape)
    assert page.list.isVisible()
    QTest.keyClick(page.list, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_the_keyboard_walks_the_list_and_opens_a_sale(stage: Stage) -> None:
    page = opened(stage, Ledger(30))
    page.list.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(page.list, key)
    current = page.list.currentIndex().row()
    assert stage.bridge.stories == [current]
    assert page.list.accessibleName()
    assert "$13.75" in str(stage.history.model.data(page.list.currentIndex()))


def test_a_search_is_typed_read_otherwise_and_cleared(stage: Stage) -> None:
    page = opened(stage, Ledger(3))
    QTest.keyClicks(page.line, "13.75")
    stage.history.retry()
    assert page.reading.text() == "$13.75"
    stage.history._find()
    serve(stage, Ledger(0))
    assert "Nothing found" in texts(page)
    page.reading.click()
    assert page.reading.text() == "Note"
    QTest.keyClick(page.line, Qt.Key.Key_Escape)
    assert page.line.text() == ""
    assert not page.clear.isVisible()
    assert not page.reading.isVisible()


def test_it_reads_from_right_to_left_too(stage: Stage) -> None:
    page = opened(stage, Ledger(3))
    before = page.list.grab().toImage()
    page.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QApplication.processEvents()
    after = page.list.grab().toImage()
    assert after != before
    assert page.line.geometry().center().x() > page.days.geometry().center().x()


@pytest.mark.parametrize("width", [480, 600, 800])
def test_all_tabs_and_the_badge_have_room(stage: Stage, width: int) -> None:
    window = stage.window
    window.resize(width, 480 if width == 800 else 1024)
    stage.tell(AttentionChanged(items=tuple(waiting(number) for number in range(12))))
    QApplication.processEvents()
    assert window.width() == width
    assert window._header.sizeHint().width() <= width
    assert "12" in window.attention_tab.text()
    assert "Attention" in window.attention_tab.text() or width == 480
    tabs = (window.till_tab, window.items_tab, window.history_tab, window.tips_tab)
    assert all(tab.width() >= tab.sizeHint().width() for tab in tabs)
    assert "12" in window.attention_tab.text()
