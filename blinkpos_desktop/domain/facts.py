"""What has happened, told after it was committed: the only thing that screens listen to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blinkpos_desktop.domain.parts import PartChanged

if TYPE_CHECKING:
    # A fact is told long after the keypad is painted: it needs none of these to be there before.
    from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
    from blinkpos_desktop.domain.attention import AttentionItem
    from blinkpos_desktop.domain.health import Verdict
    from blinkpos_desktop.domain.history import Page
    from blinkpos_desktop.domain.hold import Hold
    from blinkpos_desktop.domain.item import Item
    from blinkpos_desktop.domain.money import Currency, Money, Price
    from blinkpos_desktop.domain.options import Kind, Sheet
    from blinkpos_desktop.domain.payment import Payment
    from blinkpos_desktop.domain.pricing import PriceMove
    from blinkpos_desktop.domain.recall import LastSale
    from blinkpos_desktop.domain.sale import Recipient, Sale
    from blinkpos_desktop.domain.story import Story
    from blinkpos_desktop.domain.tips import Scope, TipsReport
    from blinkpos_desktop.domain.transfer import Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopReady:
    """The account is known: the till can sell. ``network`` is Blink's own word for it."""

    network: str
    currency: Currency
    tip_recipients: tuple[Recipient, ...]
    """Those that exist at Blink; the tip dialog is not shown without any."""
    problem: str = ""
    """Why it cannot sell all the same: one plain sentence, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChanged:
    """A new price of the shop's currency.

    ``since`` is the moment that it is of, in Unix seconds; it is sure once it was compared with
    those of the last hour.
    """

    price: Price
    since: float | None = None
    is_sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReady:
    """The invoice is stored: its QR can be shown."""

    payment: Payment
    sale: Sale | None = None
    """The very sale that it was asked for with; none when it is taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SightChanged:
    """Payments can't be seen any more, by the socket or by asking; or they can again."""

    can_see: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceChecked:
    """Blink has answered a question that somebody at the counter wanted asked.

    That it is paid or closed was told before; without that, it is not paid yet.
    """

    payment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFailed:
    """A question that somebody wanted asked was not answered; ``sentence`` says why."""

    payment_id: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLeftOpen:
    """A sale was on this till's screen when the program ended.

    One that is AWAITING can be taken up again; one that is paid is money that
    came in while nobody looked.
    """

    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUpFailed:
    """A sale could not be taken up again; ``sentence`` says why."""

    payment_id: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFailed:
    """No invoice came of it; ``sentence`` says why and what to do."""

    sentence: str
    sale: Sale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDoubted:
    """No invoice was made because the price moved far: a person may agree to it."""

    move: PriceMove
    sale: Sale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPaid:
    """The customer's money is recorded. ``payment.was_closed`` tells late money."""

    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentClosed:
    """A payment expired, was cancelled or failed."""

    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferChanged:
    """A transfer of a paid payment moved."""

    payment_id: int
    payment_hash: str
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCompleted:
    """Every transfer has settled or is kept."""

    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class TipsLoaded:
    """The tips of the time that was asked for."""

    scope: Scope
    report: TipsReport


@dataclass(frozen=True, slots=True, kw_only=True)
class TipsFailed:
    """The tips could not be had; ``sentence`` says why."""

    scope: Scope
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesFound:
    """A page of the history, by the ticket of the question."""

    ticket: int
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesFailed:
    """A page of the history could not be had; ``sentence`` says why."""

    ticket: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLoaded:
    """All that happened to a payment."""

    payment_id: int
    story: Story


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFailed:
    """A payment's story could not be had; ``sentence`` says why."""

    payment_id: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionChanged:
    """All that waits for a person now, oldest first."""

    items: tuple[AttentionItem, ...]
    hold: Hold | None = None
    """Why nothing is forwarded, while that is so."""
    surpluses: tuple[SurplusItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceTaken:
    """A person's choice for a transfer, or for a payment's surplus, is written down."""

    transfer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceFailed:
    """A person's choice was not taken; ``sentence`` says why."""

    transfer_id: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthExamined:
    """Everything that the till rests on was looked at: a verdict for each check, in order."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementsChanged:
    """All that was received and that nobody has seen yet, newest first."""

    items: tuple[Announcement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSeen:
    """A payment has been seen, by a person or in green, here or at another till."""

    payment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeingFailed:
    """That a person has seen a payment could not be written down; ``sentence`` says why."""

    payment_id: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignedIncome:
    """Something came into our account that no sale here asked for: only shown.

    ``id`` is its hash or Blink's own number; ``amount`` is None when Blink did not say it.
    """

    id: str
    amount: Money | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsChanged:
    """All that can be sold at a tap now, in the order of the buttons."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEdited:
    """The edit of an item that was asked for is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEditFailed:
    """An edit of an item was not stored; ``sentence`` says why."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSaleLoaded:
    """This till's last sale; None before the first."""

    sale: LastSale | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSaleFailed:
    """This till's last sale could not be had; ``sentence`` says why."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsLoaded:
    """What the owner has set."""

    sheet: Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsLoadFailed:
    """The settings could not be read; ``sentence`` says why."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSaved:
    """The changes are in the file and in force; ``told`` says what else a person should know."""

    sheet: Sheet
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSaveFailed:
    """The changes were not saved; ``sentence`` says why.

    ``name`` is the setting that it is about, if it is about one. ``sheet`` is how the file is now,
    when somebody else has changed it.
    """

    sentence: str
    name: str = ""
    sheet: Sheet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """Whether Blink knows a username or a currency's code; None when it could not be asked."""

    kind: Kind
    text: str
    is_known: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopChanging:
    """The shop is another one from now on: nothing is sold until ShopReady tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRestarting:
    """All connections are made anew: what was told of the parts and the ledger counts no more.

    ``network`` is as it is known before Blink says it.
    """

    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain:
    """Others may have changed what is listed here."""


Fact = (
    PartChanged
    | ShopReady
    | PriceChanged
    | InvoiceReady
    | SightChanged
    | InvoiceChecked
    | CheckFailed
    | SaleLeftOpen
    | TakeUpFailed
    | ChargeFailed
    | PriceDoubted
    | PaymentPaid
    | PaymentClosed
    | TransferChanged
    | PaymentCompleted
    | TipsLoaded
    | TipsFailed
    | SalesFound
    | SalesFailed
    | StoryLoaded
    | StoryFailed
    | AttentionChanged
    | ChoiceTaken
    | ChoiceFailed
    | HealthExamined
    | AnnouncementsChanged
    | PaymentSeen
    | SeeingFailed
    | UnassignedIncome
    | ItemsChanged
    | ItemEdited
    | ItemEditFailed
    | LastSaleLoaded
    | LastSaleFailed
    | SettingsLoaded
    | SettingsLoadFailed
    | SettingsSaved
    | SettingsSaveFailed
    | LookedUp
    | ShopChanging
    | TillRestarting
    | LookAgain
)
