"""The only door between asyncio and Qt: an intent goes in, a ``Signal`` with a fact comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.pricing import PriceMovedError

if TYPE_CHECKING:
    # Heavy: they are imported behind the first keypad, as every fact is.
    from blinkpos_desktop.configuring import Configuring
    from blinkpos_desktop.domain.attention import Choice
    from blinkpos_desktop.domain.facts import Fact
    from blinkpos_desktop.domain.history import Place, Search
    from blinkpos_desktop.domain.item import Item
    from blinkpos_desktop.domain.options import Kind
    from blinkpos_desktop.domain.payment import Payment
    from blinkpos_desktop.domain.sale import Sale
    from blinkpos_desktop.domain.story import Story
    from blinkpos_desktop.domain.tips import Scope
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
NOTHING_TO_SET: Final = "There is nothing to set here."
NO_STORY: Final = "The ledger has no such sale."
WHO: Final = "somebody at the till"
_log = logging.getLogger(__name__)
T = TypeVar("T")


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
    configuring: Configuring | None = None
    """None where there is nothing to set: in the demo."""


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
        """Make an invoice; InvoiceReady, PriceDoubted or ChargeFailed answers, once."""
        from blinkpos_desktop.domain.facts import ChargeFailed, PriceDoubted

        async def charge(services: Services) -> Fact | None:
            try:
                await services.checkout.charge(sale)
            except PriceMovedError as error:
                _log.warning("charge: %s", error)
                return PriceDoubted(move=error.move, sale=sale)
            # InvoiceReady is told by the feed, after its commit.
            return None

        self._ask(
            "charge",
            charge,
            done=lambda doubt: doubt,
            failed=lambda sentence: ChargeFailed(sentence=sentence, sale=sale),
            bug=BUG,
        )

    def cancel(self, payment_id: int) -> None:
        """Give a sale up; nobody waits for the answer at the counter."""
        if self._services is not None:
            self._start(f"cancel-{payment_id}", self._services.cancel(payment_id))

    def check(self, payment_id: int) -> None:
        """Ask Blink for an invoice at once; InvoiceChecked or CheckFailed answers, once."""
        from blinkpos_desktop.domain.facts import CheckFailed, InvoiceChecked

        # That it is paid or has expired is told by the feed, after its commit.
        self._ask(
            f"check-{payment_id}",
            lambda services: services.check(payment_id),
            failed=lambda sentence: CheckFailed(payment_id=payment_id, sentence=sentence),
            done=lambda was_asked: InvoiceChecked(payment_id=payment_id) if was_asked else None,
        )

    def take_up(self, payment_id: int) -> None:
        """Take a sale up that was left open; InvoiceReady answers, its end, or TakeUpFailed."""
        from blinkpos_desktop.domain.facts import TakeUpFailed

        self._ask(
            f"take-up-{payment_id}",
            lambda services: services.take_up(payment_id),
            failed=lambda sentence: TakeUpFailed(payment_id=payment_id, sentence=sentence),
        )

    def load_tips(self, scope: Scope) -> None:
        """Load the tips of a time; TipsLoaded or TipsFailed answers, unless asked anew before."""
        from blinkpos_desktop.domain.facts import TipsFailed, TipsLoaded

        self._ask(
            "tips",
            lambda services: services.history.tips(scope),
            failed=lambda sentence: TipsFailed(scope=scope, sentence=sentence),
            done=lambda report: TipsLoaded(scope=scope, report=report),
            anew=True,
        )

    def find_sales(self, ticket: int, search: Search, behind: Place | None) -> None:
        """Load a page of the history; SalesFound or SalesFailed answers, unless asked anew."""
        from blinkpos_desktop.domain.facts import SalesFailed, SalesFound

        self._ask(
            "history",
            lambda services: services.history.sales(search, behind),
            failed=lambda sentence: SalesFailed(ticket=ticket, sentence=sentence),
            done=lambda page: SalesFound(ticket=ticket, page=page),
            anew=True,
        )

    def stop_finding(self) -> None:
        """Give up the page of the history that is being looked for."""
        if self._services is not None:
            self._services.supervisor.give_up("history")

    def load_story(self, payment_id: int) -> None:
        """Load a payment's story; StoryLoaded or StoryFailed answers, unless asked anew."""
        from blinkpos_desktop.domain.facts import StoryFailed, StoryLoaded

        def failed(sentence: str) -> Fact:
            return StoryFailed(payment_id=payment_id, sentence=sentence)

        def done(story: Story | None) -> Fact:
            return StoryLoaded(payment_id=payment_id, story=story) if story else failed(NO_STORY)

        self._ask(
            "story",
            lambda services: services.history.story(payment_id),
            failed=failed,
            done=done,
            anew=True,
        )

    def choose(self, transfer_id: int, choice: Choice) -> None:
        """Take a person's choice; ChoiceTaken or ChoiceFailed answers, once."""
        from blinkpos_desktop.domain.facts import ChoiceFailed, ChoiceTaken

        self._ask(
            f"choice-{transfer_id}",
            lambda services: services.attention.choose(transfer_id, choice, WHO),
            failed=lambda sentence: ChoiceFailed(transfer_id=transfer_id, sentence=sentence),
            done=lambda _: ChoiceTaken(transfer_id=transfer_id),
            bug=NOT_TAKEN,
        )

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
        from blinkpos_desktop.domain.facts import SeeingFailed

        # PaymentSeen is told by the feed, after its commit.
        self._ask(
            f"seen-{payment_id}",
            lambda services: services.announcing.see(payment_id, WHO),
            failed=lambda sentence: SeeingFailed(payment_id=payment_id, sentence=sentence),
            bug=NOT_SEEN,
        )

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
        from blinkpos_desktop.domain.facts import LastSaleFailed, LastSaleLoaded

        self._ask(
            "last-sale",
            lambda services: services.items.last_sale(),
            failed=lambda sentence: LastSaleFailed(sentence=sentence),
            done=lambda sale: LastSaleLoaded(sale=sale),
        )

    def load_settings(self) -> None:
        """Read what the owner has set; SettingsLoaded or SettingsLoadFailed answers, once."""
        from blinkpos_desktop.domain.facts import SettingsLoaded, SettingsLoadFailed

        self._ask(
            "load-settings",
            lambda services: _configuring(services).read(),
            failed=lambda sentence: SettingsLoadFailed(sentence=sentence),
            done=lambda sheet: SettingsLoaded(sheet=sheet),
        )

    def save_settings(self, changes: Mapping[str, str | None], stamp: str) -> None:
        """Save changed settings and use them; SettingsSaved or SettingsSaveFailed answers, once."""
        from blinkpos_desktop.domain.facts import SettingsSaved, SettingsSaveFailed

        async def save(services: Services) -> Fact:
            from blinkpos_desktop.configuring import SaveError

            try:
                sheet, told = await _configuring(services).save(changes, stamp)
            except SaveError as error:
                _log.warning("%s", error)
                return SettingsSaveFailed(
                    sentence=error.sentence, name=error.name, sheet=error.sheet
                )
            return SettingsSaved(sheet=sheet, told=told)

        self._ask(
            "save-settings",
            save,
            failed=lambda sentence: SettingsSaveFailed(sentence=sentence),
            done=lambda fact: fact,
        )

    def look_up(self, kind: Kind, text: str) -> None:
        """Ask Blink whether it knows a name or a currency's code; LookedUp answers, once."""
        from blinkpos_desktop.domain.facts import LookedUp

        self._ask(
            f"look-up-{kind}-{text}",
            lambda services: _configuring(services).look_up(kind, text),
            failed=lambda _: LookedUp(kind=kind, text=text, is_known=None),
            done=lambda is_known: LookedUp(kind=kind, text=text, is_known=is_known),
        )

    def _edit_items(self, edit: Callable[[Items], Coroutine[Any, Any, None]]) -> None:
        from blinkpos_desktop.domain.facts import ItemEdited, ItemEditFailed

        self._ask(
            "edit-item",
            lambda services: edit(services.items),
            failed=lambda sentence: ItemEditFailed(sentence=sentence),
            done=lambda _: ItemEdited(),
        )

    def _ask(
        self,
        name: str,
        ask: Callable[[Services], Coroutine[Any, Any, T]],
        *,
        failed: Callable[[str], Fact],
        done: Callable[[T], Fact | None] = lambda _: None,
        bug: str = NOT_DONE,
        anew: bool = False,
    ) -> None:
        """Let a task of this name ask, and tell ``done`` or, with a sentence, ``failed``.

        ``anew`` takes the place of the one before, which is not answered then.
        """
        services = self._services
        if services is None:
            self.tell(failed(STARTING))
            return

        async def work() -> None:
            try:
                found = await ask(services)
            except TillError as error:
                _log.warning("%s: %s", name, error)
                self.tell(failed(error.sentence))
            except Exception:  # noqa: BLE001 (the door: a bug must not leave the screen waiting)
                _log.exception("%s: a bug", name)
                self.tell(failed(bug))
            else:
                fact = done(found)
                if fact is not None:
                    self.tell(fact)

        if anew:
            services.supervisor.replace(name, work())
        else:
            self._start(name, work())

    def _start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        assert self._services is not None
        self._services.supervisor.start(name, work)


def _configuring(services: Services) -> Configuring:
    if services.configuring is None:
        raise TillError(NOTHING_TO_SET)
    return services.configuring
