"""The simulated Blink without its wires: accounts, invoices, payments, prices."""

from collections.abc import Callable

from .accounts import Accounts, Currency, Wallet
from .books import Books
from .clock import Clock
from .events import ClockMoved, Event, Listener, PriceMoved
from .invoices import Invoices
from .ledger import Ledger
from .limits import DailyLimit, RateLimiter
from .locks import WalletLocks
from .payments import Payments
from .prices import Prices
from .settings import Settings
from .transactions import Transactions


class World:
    """Everything that Blink knows. Not thread-safe: the server's thread owns it."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] | None = None,
        settings: Settings | None = None,
        seed: int = 21,
    ) -> None:
        """`clock` gives Unix seconds; `seed` fixes the ids of accounts and wallets."""
        self.clock = Clock() if clock is None else Clock(clock)
        self.settings = settings or Settings()
        self.accounts = Accounts(seed)
        self.prices = Prices()
        self.ledger = Ledger()
        self.transactions = Transactions()
        self.daily = DailyLimit(self.clock, self.settings)
        self.locks = WalletLocks(self.clock, self.settings)
        self.invoices = Invoices(
            self.accounts,
            self.clock,
            self.settings,
            self.prices,
            RateLimiter(self.clock, self.settings),
        )
        self.payments = Payments(
            accounts=self.accounts,
            clock=self.clock,
            settings=self.settings,
            prices=self.prices,
            books=Books(
                accounts=self.accounts,
                clock=self.clock,
                settings=self.settings,
                ledger=self.ledger,
                transactions=self.transactions,
                emit=self.emit,
            ),
            invoices=self.invoices,
            daily=self.daily,
        )
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every event from now on."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Tell everyone."""
        for listener in self._listeners:
            listener(event)

    def balance(self, wallet: Wallet) -> int:
        """What the wallet holds, in sats or cents."""
        return self.ledger.balance(wallet.id, wallet.currency)

    def balance_of(self, username: str, currency: Currency = Currency.BTC) -> int:
        """What the user's wallet of that currency holds; 0 when there is none."""
        wallet = self.accounts.by_username(username).wallet(currency)
        return 0 if wallet is None else self.balance(wallet)

    def set_price(self, currency: str, minor_units_per_btc: int) -> None:
        """Set the price of one bitcoin in whole minor units."""
        self.prices.set(currency, minor_units_per_btc)
        self.emit(PriceMoved(currency=currency))

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.clock.advance(seconds)
        self.emit(ClockMoved())
