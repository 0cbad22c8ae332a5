"""The last sale's result, called back from the keypad by one tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from blinkpos_desktop.domain.recall import LastSale

GIVE_UP_MS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSaleView:
    """The result at one moment."""

    is_open: bool = False
    is_loading: bool = False
    sale: LastSale | None = None
    error: str = ""


class LastSaleModel(QObject):
    """Asks the ledger whenever it is opened: what is shown is what is stored.

    Signals:
        changed: a new LastSaleView.
        load_wanted: the ledger is to be asked.
        again_wanted: a Cart that is to be sold again.
    """

    changed = Signal(object)
    load_wanted = Signal()
    again_wanted = Signal(object)

    def __init__(self, *, parent: QObject | None = None, give_up_ms: int = GIVE_UP_MS) -> None:
        super().__init__(parent)
        self.zone: tzinfo | None = None
        """Of the shop's clock; the machine's without one."""
        self._view = LastSaleView()
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(give_up_ms)
        self._limit.timeout.connect(self._give_up)

    @property
    def view(self) -> LastSaleView:
        """The result now."""
        return self._view

    def open(self) -> None:
        """Show the last sale; it is loaded anew."""
        if not self._view.is_open:
            self._set(LastSaleView(is_open=True))
            self.load()

    def close(self) -> None:
        """Leave it."""
        self._limit.stop()
        self._set(LastSaleView())

    def load(self) -> None:
        """Ask the ledger, also once more after a failure."""
        view = self._view
        if view.is_open and not view.is_loading:
            self._limit.start()
            self._set(LastSaleView(is_open=True, is_loading=True, sale=view.sale))
            self.load_wanted.emit()

    def again(self) -> None:
        """Put what was sold on the counter once more."""
        sale = self._view.sale
        if sale is not None:
            self.close()
            self.again_wanted.emit(sale.cart)

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import (
            LastSaleFailed,
            LastSaleLoaded,
            PaymentClosed,
            PaymentCompleted,
            PaymentPaid,
            TransferChanged,
        )

        if not self._view.is_open:
            return
        match fact:
            case LastSaleLoaded():
                self._arrived(LastSaleView(is_open=True, sale=fact.sale))
            case LastSaleFailed():
                self._arrived(LastSaleView(is_open=True, error=fact.sentence))
            case PaymentPaid() | PaymentClosed() | PaymentCompleted():
                self._reload(fact.payment.id)
            case TransferChanged():
                self._reload(fact.payment_id)

    def _reload(self, payment_id: int) -> None:
        if self._view.sale is not None and self._view.sale.payment.id == payment_id:
            self.load()

    def _arrived(self, view: LastSaleView) -> None:
        self._limit.stop()
        self._set(view)

    def _give_up(self) -> None:
        sentence = self.tr("No answer after 10 seconds. Is the database running?")
        self._set(LastSaleView(is_open=True, error=sentence))

    def _set(self, view: LastSaleView) -> None:
        if view != self._view:
            self._view = view
            self.changed.emit(view)
