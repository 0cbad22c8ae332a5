"""A small client of the simulator's control side, for the demo's customer and the tests."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self, cast

import httpx

Result = dict[str, Any]
_MARGIN_SECONDS = 10.0


class ControlError(Exception):
    """The control side refuses; `code` is Blink's, when it is Blink that would."""

    def __init__(self, code: str | None, message: str) -> None:
        super().__init__(message if code is None else f"{code}: {message}")
        self.code = code
        self.message = message


class ControlClient:
    """Synchronous; every method is one request."""

    def __init__(self, control_url: str) -> None:
        """`control_url` as the simulator states it."""
        self._url = control_url.rstrip("/")
        # Loopback is reached directly, whatever proxy the environment names.
        self._http = httpx.Client(timeout=_MARGIN_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connection."""
        self._http.close()

    def call(self, command: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Any command by its name."""
        return self._post(command, arguments, _MARGIN_SECONDS)

    def _post(self, command: str, arguments: dict[str, object], timeout_seconds: float) -> Any:  # noqa: ANN401 - JSON
        answer = self._http.post(f"{self._url}/{command}", json=arguments, timeout=timeout_seconds)
        body = answer.json()
        if answer.is_error:
            raise ControlError(body["error"]["code"], body["error"]["message"])
        return body["result"]

    # The customer and other Blink users.

    def invoices(self, *, owner: str | None = None, status: str | None = None) -> list[Result]:
        """All invoices, oldest first; `status` is open, paid, expired or cancelled."""
        return cast("list[Result]", self.call("invoices", owner=owner, status=status))

    def pay(
        self,
        payment_request: str,
        *,
        amount_sats: int | None = None,
        from_username: str | None = None,
        currency: str = "BTC",
    ) -> Result:
        """Pay as the outside customer (`amount_sats` to overpay) or as a Blink user."""
        return cast(
            "Result",
            self.call(
                "pay",
                payment_request=payment_request,
                amount_sats=amount_sats,
                from_username=from_username,
                currency=currency,
            ),
        )

    def send(
        self, from_username: str, to_username: str, amount_sats: int, memo: str | None = None
    ) -> None:
        """A plain send between BTC wallets, without an invoice."""
        self.call(
            "send",
            from_username=from_username,
            to_username=to_username,
            amount_sats=amount_sats,
            memo=memo,
        )

    def create_invoice(self, username: str, amount_sats: int, memo: str | None = None) -> Result:
        """An invoice of that user's BTC wallet, as his own phone makes it."""
        return cast(
            "Result",
            self.call("create_invoice", username=username, amount_sats=amount_sats, memo=memo),
        )

    def resolve(self, payment_hash: str, *, paid: bool) -> None:
        """Let a send that is in flight arrive, or come back."""
        self.call("resolve", payment_hash=payment_hash, paid=paid)

    def in_flight(self) -> list[str]:
        """The hashes of the sends that are in flight."""
        return cast("list[str]", self.call("in_flight"))

    # What is there.

    def balance(self, username: str, currency: str = "BTC") -> int:
        """One wallet's balance, in sats or cents."""
        return self.balances()[username][currency]

    def balances(self) -> dict[str, dict[str, int]]:
        """All balances by username and currency, in sats and cents."""
        return cast("dict[str, dict[str, int]]", self.call("balances"))

    def ledger(self) -> list[Result]:
        """Every movement with its postings."""
        return cast("list[Result]", self.call("ledger"))

    def verify(self) -> int:
        """Count the ledger anew; the number of movements, or ControlError."""
        return cast("int", self.call("verify"))

    def transactions(self, username: str) -> list[Result]:
        """A user's transactions, newest first."""
        return cast("list[Result]", self.call("transactions", username=username))

    def accounts(self) -> dict[str, Result]:
        """All accounts by username, with their wallets' ids by currency."""
        return {account["username"]: account for account in self.call("accounts")}

    def subscribers(self) -> dict[str, int]:
        """`sockets` and the subscriptions `myUpdates`, `status` and `realtimePrice`."""
        return cast("dict[str, int]", self.call("subscribers"))

    def requests(self) -> dict[str, int]:
        """Requests so far, by operation name and by root field."""
        return cast("dict[str, int]", self.call("requests"))

    def reset_requests(self) -> None:
        """Count requests from zero."""
        self.call("reset_requests")

    # What can be turned.

    def open_account(
        self,
        username: str,
        *,
        currencies: Iterable[str] = ("BTC", "USD"),
        key: str | None = None,
        scopes: Iterable[str] | None = None,
        sats: int = 0,
    ) -> Result:
        """Open an account, with a key and with sats if asked."""
        return cast(
            "Result",
            self.call(
                "open_account",
                username=username,
                currencies=list(currencies),
                key=key,
                scopes=None if scopes is None else list(scopes),
                sats=sats,
            ),
        )

    def change_account(
        self,
        username: str,
        *,
        receive_disabled: bool | None = None,
        daily_limit_cents: int | None = None,
        display_currency: str | None = None,
    ) -> None:
        """Wind an account down, limit it, or show it another currency."""
        self.call(
            "change_account",
            username=username,
            receive_disabled=receive_disabled,
            daily_limit_cents=daily_limit_cents,
            display_currency=display_currency,
        )

    def give_key(self, username: str, key: str, scopes: Iterable[str] | None = None) -> None:
        """Give an account an API key, with all scopes unless told otherwise."""
        listed = None if scopes is None else list(scopes)
        self.call("give_key", username=username, key=key, scopes=listed)

    def revoke_key(self, key: str) -> None:
        """Take an API key away."""
        self.call("revoke_key", key=key)

    def fund(self, username: str, amount: int, currency: str = "BTC") -> None:
        """Give a wallet sats or cents from outside."""
        self.call("fund", username=username, amount=amount, currency=currency)

    def set_price(self, currency: str, minor_units_per_btc: int) -> None:
        """Set the price of one bitcoin in whole minor units."""
        self.call("set_price", currency=currency, minor_units_per_btc=minor_units_per_btc)

    def set_price_offline(self, *, offline: bool) -> None:
        """Let the price service fail, or come back."""
        self.call("set_price_offline", offline=offline)

    def advance(self, seconds: float) -> float:
        """Move the clock; the new Unix time."""
        return cast("float", self.call("advance", seconds=seconds))

    def settings(self, **changes: int | str | tuple[int, int] | None) -> Result:
        """Change settings by name; all of them as they are now."""
        return cast("Result", self.call("settings", **changes))

    def lock_wallet(self, username: str, *, lock_seconds: float, currency: str = "BTC") -> bool:
        """Hold a wallet's lock as another server would; False when it is taken."""
        return cast(
            "bool",
            self.call(
                "lock_wallet", username=username, lock_seconds=lock_seconds, currency=currency
            ),
        )

    def free_wallet(self, username: str, currency: str = "BTC") -> None:
        """Give that lock back."""
        self.call("free_wallet", username=username, currency=currency)

    # Faults.

    def lay_fault(self, kind: str, *, match: str = "*", **details: object) -> Result:
        """Lay a fault over HTTP: see `faults.FaultKind` and `faults.Fault`."""
        return cast("Result", self.call("lay_fault", kind=kind, match=match, **details))

    def faults(self) -> list[Result]:
        """All laid faults with their hits."""
        return cast("list[Result]", self.call("faults"))

    def clear_faults(self) -> None:
        """Take every fault away: those over HTTP, of events and of sockets."""
        self.call("clear_faults")

    def set_event_faults(
        self,
        *,
        suppress: int = 0,
        duplicate: int = 0,
        swap_next_two: bool = False,
        created_at_as_object: bool | None = None,
    ) -> None:
        """Suppress or double the next so many `LnUpdate`s, or swap the next two."""
        self.call(
            "set_event_faults",
            suppress=suppress,
            duplicate=duplicate,
            swap_next_two=swap_next_two,
            created_at_as_object=created_at_as_object,
        )

    def cut_sockets(self) -> int:
        """Close all WebSockets without a word; how many there were."""
        return cast("int", self.call("cut_sockets"))

    def mute_sockets(self, *, on: bool = True, new: bool = False) -> None:
        """Keep the sockets open and say nothing, not even pongs; with `new` later ones too."""
        self.call("mute_sockets", on=on, new=new)

    def new_sockets(self, behaviour: str) -> None:
        """`accept`, `refuse` or `hang` WebSocket connections to come."""
        self.call("new_sockets", behaviour=behaviour)

    def say(self, text: str) -> int:
        """Send a raw text frame to every socket; how many there are."""
        return cast("int", self.call("say", text=text))

    def end_subscriptions(self, message_type: str = "complete") -> int:
        """End every subscription with `complete` or `error`; how many there were."""
        return cast("int", self.call("end_subscriptions", message_type=message_type))

    # Waiting, so that nobody needs to sleep. False: it didn't happen in time.

    def wait_for_subscribers(
        self, count: int = 1, *, kind: str = "myUpdates", seconds: float = 5.0
    ) -> bool:
        """Wait until there are exactly so many subscriptions (or `sockets`)."""
        return self._wait("wait_for_subscribers", seconds, kind=kind, count=count)

    def wait_for_requests(self, name: str, count: int = 1, *, seconds: float = 5.0) -> bool:
        """Wait until there have been so many requests of that operation or field."""
        return self._wait("wait_for_requests", seconds, name=name, count=count)

    def wait_for_balance(self, username: str, sats: int, *, seconds: float = 5.0) -> bool:
        """Wait until a user's BTC wallet holds exactly so much."""
        return self._wait("wait_for_balance", seconds, username=username, sats=sats)

    def wait_for_invoice(self, owner: str, count: int = 1, *, seconds: float = 5.0) -> bool:
        """Wait until a user has had so many invoices."""
        return self._wait("wait_for_invoice", seconds, owner=owner, count=count)

    def _wait(self, command: str, limit_seconds: float, **arguments: object) -> bool:
        asked = {"limit_seconds": limit_seconds, **arguments}
        return cast("bool", self._post(command, asked, limit_seconds + _MARGIN_SECONDS))
