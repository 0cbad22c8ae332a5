"""The only door between asyncio and Qt: an intent goes in, a ``Signal`` with a fact comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.attention import Choice
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import (
    ChargeFailed,
    CheckFailed,
    ChoiceFailed,
    ChoiceTaken,
    Fact,
    InvoiceChecked,
    ItemEdited,
    ItemEditFailed,
    LastSaleFailed,
    LastSaleLoaded,
    SalesFailed,
    SalesFound,
    SeeingFailed,
    StoryFailed,
    StoryLoaded,
    TakeUpFailed,
    TipsFailed,
    TipsLoaded,
)
from blinkpos_desktop.domain.history import Place, Search
from blinkpos_desktop.domain.item import Item
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.sale import Sale
from blinkpos_desktop.domain.tips import Scope

if TYPE_CHECKING:
    # Heavy: they are imported behind the first keypad.
    from blinkpos_desktop.services.announcing import Announcing
    from blinkpos_desktop.services.attention import Attention
    from blinkpos_desktop.services.checkout import Checkout
    from blinkpos_desktop.services.history import History
    from blinkpos_desktop.services.items import Items
    from blinkpos_desktop.services.supervisor import Supervisor

STARTING: Final = "The till is still starting: try again in a moment."
BUG: Final = "Something went wrong inside: nothing was sold. Try again, or look into the log."
NOT_TAKEN: Final = "Something went wrong inside: choose again, or look into the log."
NOT_DONE: Final = "Something went wrong inside: try again, or look into the log."
NOT_SEEN: Final = "Something went wrong inside: press OK again, or look into the log."
NO_STORY: Final = "The ledger has no such sale."
WHO: Final = "somebody at the till"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the screens may ask for. What is a function here takes a payment's id.

    ``check`` tells whether it asked; otherwise another one's answer is on the way.
    """

    supervisor: Supervisor
    checkout: Checkout
    history: History
    attention: Attention
    announcing: Announcing
    items: Items
    cancel: Callable[[int], Coroutine[Any, Any, object]]
    check: Callable[[int], Coroutine[Any, Any, bool]]
    take_up: Callable[[int], Coroutine[Any, Any, None]]
    examine: Callable[[], Coroutine[Any, Any, object]]
    """Looks at everything and tells HealthExamined."""


class Bridge(QObject):
    """Gives intents to the supervisor, which owns the tasks, and facts to the screens.

    Signals:
        fact: a fact that is already durable, in the order of the feed.
    """

    fact = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services: Services | None = None

    def attach(self, services: Services) -> None:
        """Open the door: the services are built."""
        self._services = services

    def detach(self) -> None:
        """Close the door: the services are about to end."""
        self._services = None

    def tell(self, fact: Fact) -> None:
        """Pass a fact on to the screens."""
        self.fact.emit(fact)

    def charge(self, sale: Sale) -> None:
        """Make an invoice for ``sale``; InvoiceReady or ChargeFailed answers, once."""
        if self._services is None:
            self.tell(ChargeFailed(sentence=STARTING))
            return
        self._start("charge", self._charge(self._services.checkout, sale))

    def cancel(self, payment_id: int) -> None:
        """Give a sale up; nobody waits for the answer at the counter."""
        if self._services is not None:
            self._start(f"cancel-{payment_id}", self._services.cancel(payment_id))

    def check(self, payment_id: int) -> None:
        """Ask Blink for an invoice at once; InvoiceChecked or CheckFailed answers, once."""
        if self._services is None:
            self.tell(CheckFailed(payment_id=payment_id, sentence=STARTING))
            return
        self._start(f"check-{payment_id}", self._check(self._services.check, payment_id))

    def take_up(self, payment_id: int) -> None:
        """Take a sale up that was left open; InvoiceReady answers, its end, or TakeUpFailed."""
        if self._services is None:
            self.tell(TakeUpFailed(payment_id=payment_id, sentence=STARTING))
            return
        self._start(f"take-up-{payment_id}", self._take_up(self._services.take_up, payment_id))

    def load_tips(self, scope: Scope) -> None:
        """Load the tips of a time; TipsLoaded or TipsFailed answers, unless asked anew before."""
        if self._services is None:
            self.tell(TipsFailed(scope=scope, sentence=STARTING))
            return
        self._replace("tips", self._load_tips(self._services.history, scope))

    def find_sales(self, ticket: int, search: Search, behind: Place | None) -> None:
        """Load a page of the history; SalesFound or SalesFailed answers, unless asked anew."""
        if self._services is None:
            self.tell(SalesFailed(ticket=ticket, sentence=STARTING))
            return
        found = self._find_sales(self._services.history, ticket, search, behind)
        self._replace("history", found)

    def stop_finding(self) -> None:
        """Give up the page of the history that is being looked for."""
        if self._services is not None:
            self._services.supervisor.give_up("history")

    def load_story(self, payment_id: int) -> None:
        """Load a payment's story; StoryLoaded or StoryFailed answers, unless asked anew."""
        if self._services is None:
            self.tell(StoryFailed(payment_id=payment_id, sentence=STARTING))
            return
        self._replace("story", self._load_story(self._services.history, payment_id))

    def choose(self, transfer_id: int, choice: Choice) -> None:
        """Take a person's choice; ChoiceTaken or ChoiceFailed answers, once."""
        if self._services is None:
            self.tell(ChoiceFailed(transfer_id=transfer_id, sentence=STARTING))
            return
        attention = self._services.attention
        self._start(f"choice-{transfer_id}", self._choose(attention, transfer_id, choice))

    def examine(self) -> None:
        """Look at all that the till rests on; HealthExamined answers, once the till is there."""
        if self._services is not None:
            self._start("examine", self._services.examine())

    def shown(self, payment: Payment) -> None:
        """Take it that a payment is shown in green."""
        if self._services is not None:
            self._services.announcing.shown(payment)

    def acknowledge(self, payment_id: int) -> None:
        """Take it that a person has seen a payment; PaymentSeen or SeeingFailed answers."""
        if self._services is None:
            self.tell(SeeingFailed(payment_id=payment_id, sentence=STARTING))
            return
        self._start(f"seen-{payment_id}", self._acknowledge(self._services.announcing, payment_id))

    def save_item(self, item: Item) -> None:
        """Store an item as edited; ItemEdited or ItemEditFailed answers, once."""
        self._edit_items(lambda items: items.save(item))

    def remove_item(self, item: Item) -> None:
        """Take an item off the shelf; ItemEdited or ItemEditFailed answers, once."""
        self._edit_items(lambda items: items.remove(item))

    def swap_items(self, one: int, other: int) -> None:
        """Let two items change places; ItemEdited or ItemEditFailed answers, once."""
        self._edit_items(lambda items: items.swap(one, other))

    def load_last_sale(self) -> None:
        """Load this till's last sale; LastSaleLoaded or LastSaleFailed answers, once."""
        if self._services is None:
            self.tell(LastSaleFailed(sentence=STARTING))
            return
        self._start("last-sale", self._load_last_sale(self._services.items))

    def _edit_items(self, edit: Callable[[Items], Coroutine[Any, Any, None]]) -> None:
        if self._services is None:
            self.tell(ItemEditFailed(sentence=STARTING))
            return
        self._start("edit-item", self._edited(edit(self._services.items)))

    async def _edited(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TillError as error:
            _log.warning("no edit: %s", error)
            self.tell(ItemEditFailed(sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no edit: a bug")
            self.tell(ItemEditFailed(sentence=NOT_DONE))
        else:
            self.tell(ItemEdited())

    async def _load_last_sale(self, items: Items) -> None:
        try:
            sale = await items.last_sale()
        except TillError as error:
            _log.warning("no last sale: %s", error)
            self.tell(LastSaleFailed(sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no last sale: a bug")
            self.tell(LastSaleFailed(sentence=NOT_DONE))
        else:
            self.tell(LastSaleLoaded(sale=sale))

    async def _acknowledge(self, announcing: Announcing, payment_id: int) -> None:
        try:
            # PaymentSeen is told by the feed, after its commit.
            await announcing.see(payment_id, WHO)
        except TillError as error:
            _log.warning("not seen: %s", error)
            self.tell(SeeingFailed(payment_id=payment_id, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("not seen: a bug")
            self.tell(SeeingFailed(payment_id=payment_id, sentence=NOT_SEEN))

    async def _choose(self, attention: Attention, transfer_id: int, choice: Choice) -> None:
        try:
            await attention.choose(transfer_id, choice, WHO)
        except TillError as error:
            _log.warning("no choice: %s", error)
            self.tell(ChoiceFailed(transfer_id=transfer_id, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no choice: a bug")
            self.tell(ChoiceFailed(transfer_id=transfer_id, sentence=NOT_TAKEN))
        else:
            self.tell(ChoiceTaken(transfer_id=transfer_id))

    async def _charge(self, checkout: Checkout, sale: Sale) -> None:
        try:
            # InvoiceReady is told by the feed, after its commit.
            await checkout.charge(sale)
        except TillError as error:
            _log.warning("no invoice: %s", error)
            self.tell(ChargeFailed(sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no invoice: a bug")
            self.tell(ChargeFailed(sentence=BUG))

    async def _check(
        self, check: Callable[[int], Coroutine[Any, Any, bool]], payment_id: int
    ) -> None:
        try:
            # That it is paid or has expired is told by the feed, after its commit.
            was_asked = await check(payment_id)
        except TillError as error:
            _log.warning("no answer: %s", error)
            self.tell(CheckFailed(payment_id=payment_id, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no answer: a bug")
            self.tell(CheckFailed(payment_id=payment_id, sentence=NOT_DONE))
        else:
            if was_asked:
                self.tell(InvoiceChecked(payment_id=payment_id))

    async def _take_up(
        self, take_up: Callable[[int], Coroutine[Any, Any, None]], payment_id: int
    ) -> None:
        try:
            await take_up(payment_id)
        except TillError as error:
            _log.warning("not taken up: %s", error)
            self.tell(TakeUpFailed(payment_id=payment_id, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("not taken up: a bug")
            self.tell(TakeUpFailed(payment_id=payment_id, sentence=NOT_DONE))

    async def _load_tips(self, history: History, scope: Scope) -> None:
        try:
            report = await history.tips(scope)
        except TillError as error:
            _log.warning("no tips: %s", error)
            self.tell(TipsFailed(scope=scope, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no tips: a bug")
            self.tell(TipsFailed(scope=scope, sentence=NOT_DONE))
        else:
            self.tell(TipsLoaded(scope=scope, report=report))

    async def _find_sales(
        self, history: History, ticket: int, search: Search, behind: Place | None
    ) -> None:
        try:
            page = await history.sales(search, behind)
        except TillError as error:
            _log.warning("no history: %s", error)
            self.tell(SalesFailed(ticket=ticket, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no history: a bug")
            self.tell(SalesFailed(ticket=ticket, sentence=NOT_DONE))
        else:
            self.tell(SalesFound(ticket=ticket, page=page))

    async def _load_story(self, history: History, payment_id: int) -> None:
        try:
            story = await history.story(payment_id)
        except TillError as error:
            _log.warning("no story: %s", error)
            self.tell(StoryFailed(payment_id=payment_id, sentence=error.sentence))
        except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
            _log.exception("no story: a bug")
            self.tell(StoryFailed(payment_id=payment_id, sentence=NOT_DONE))
        else:
            if story is None:
                self.tell(StoryFailed(payment_id=payment_id, sentence=NO_STORY))
            else:
                self.tell(StoryLoaded(payment_id=payment_id, story=story))

    def _start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        assert self._services is not None
        self._services.supervisor.start(name, work)

    def _replace(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        assert self._services is not None
        self._services.supervisor.replace(name, work)
