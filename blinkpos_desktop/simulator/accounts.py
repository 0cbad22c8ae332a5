"""Accounts, their wallets and their API keys."""

import random
import re
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from .refusals import Refusal, TopLevelRefusal

USERNAME = re.compile(
    r"^(?![13_]|bc1|lnbc1)(?=.*[a-z])[0-9a-z_]{3,50}$",
    re.IGNORECASE,
)


class Currency(StrEnum):
    """What a wallet holds: BTC in sats, USD in cents."""

    BTC = "BTC"
    USD = "USD"


class Scope(StrEnum):
    """What an API key allows."""

    READ = "READ"
    RECEIVE = "RECEIVE"
    WRITE = "WRITE"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A wallet; what it holds is the ledger's to say."""

    id: str
    account_id: str
    currency: Currency


@dataclass(slots=True, kw_only=True)
class Account:
    """A Blink account."""

    id: str
    user_id: str
    username: str
    wallets: list[Wallet]
    default_wallet_id: str
    level: str = "TWO"
    display_currency: str = "USD"
    receive_disabled: bool = False
    daily_limit_cents: int | None = None

    def wallet(self, currency: Currency) -> Wallet | None:
        """Its wallet in that currency, if it has one."""
        return next((w for w in self.wallets if w.currency is currency), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks: an account with a key's scopes."""

    account: Account
    scopes: frozenset[Scope]


@dataclass(slots=True)
class Accounts:
    """All accounts; ids follow from the seed, so that they are stable between runs."""

    seed: int = 21
    _by_id: dict[str, Account] = field(default_factory=dict)
    _by_username: dict[str, Account] = field(default_factory=dict)
    _wallets: dict[str, Wallet] = field(default_factory=dict)
    _keys: dict[str, Identity] = field(default_factory=dict)

    def open(
        self,
        username: str,
        currencies: tuple[Currency, ...] = (Currency.BTC, Currency.USD),
        *,
        receive_disabled: bool = False,
    ) -> Account:
        """Open an account; the first currency's wallet is its default one."""
        if not USERNAME.match(username):
            raise ValueError(f"not a Blink username: {username!r}")
        if username.lower() in self._by_username:
            raise ValueError(f"the username {username!r} is taken")
        # Named randomness: an account's ids don't depend on who was opened before it.
        ids = random.Random(f"{self.seed}:{username.lower()}")  # noqa: S311 - no secret
        account_id, user_id = _uuid(ids), _uuid(ids)
        wallets = [Wallet(id=_uuid(ids), account_id=account_id, currency=c) for c in currencies]
        account = Account(
            id=account_id,
            user_id=user_id,
            username=username,
            wallets=wallets,
            default_wallet_id=wallets[0].id,
            receive_disabled=receive_disabled,
        )
        self._by_id[account_id] = account
        self._by_username[username.lower()] = account
        self._wallets.update((wallet.id, wallet) for wallet in wallets)
        return account

    def give_key(
        self, username: str, key: str, scopes: frozenset[Scope] | set[Scope] = ALL_SCOPES
    ) -> None:
        """Give that account an API key."""
        self._keys[key] = Identity(account=self.by_username(username), scopes=frozenset(scopes))

    def revoke_key(self, key: str) -> None:
        """Take an API key away."""
        del self._keys[key]

    def identify(self, key: str) -> Identity | None:
        """Who holds that key; None when nobody does."""
        return self._keys.get(key)

    def all(self) -> list[Account]:
        """Every account, in the order of opening."""
        return list(self._by_id.values())

    def by_id(self, account_id: str) -> Account:
        """The account of that id."""
        return self._by_id[account_id]

    def by_username(self, username: str) -> Account:
        """The account of that username, whatever its case."""
        if not USERNAME.match(username):
            raise TopLevelRefusal("Invalid value for Username")
        account = self._by_username.get(username.lower())
        if account is None:
            raise TopLevelRefusal(f"Account does not exist for username {username}")
        return account

    def wallet(self, wallet_id: str) -> Wallet:
        """The wallet of that id, whoever's it is."""
        wallet = self._wallets.get(wallet_id)
        if wallet is None:
            raise Refusal("NOT_FOUND", f"Wallet does not exist for id {wallet_id}")
        return wallet

    def owner(self, wallet: Wallet) -> Account:
        """Whose wallet it is."""
        return self._by_id[wallet.account_id]


def _uuid(source: random.Random) -> str:
    return str(UUID(int=source.getrandbits(128), version=4))
