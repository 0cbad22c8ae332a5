"""Real, signed Lightning invoices in their bolt11 text."""

import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

import bolt11

from .refusals import Refusal

PREFIXES = {"mainnet": "bc", "testnet": "tb", "signet": "tbs", "regtest": "bcrt"}
NODE_KEY = sha256(b"the simulated Blink's Lightning node").hexdigest()
OTHER_NODE_KEY = sha256(b"a Lightning node that isn't Blink's").hexdigest()
_CLTV_BLOCKS = 40
_FEATURES: dict[bolt11.Feature | bolt11.FeatureExtra, bolt11.FeatureState] = {
    bolt11.Feature.var_onion_optin: bolt11.FeatureState.required,
    bolt11.Feature.payment_secret: bolt11.FeatureState.required,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an invoice's text says."""

    network: str
    sats: int
    payment_hash: str
    payment_secret: str
    memo: str
    date: int
    """Unix seconds."""
    expiry_seconds: int
    description_hash: str | None = None


def write(terms: Terms, key: str = NODE_KEY) -> str:
    """The signed text of an invoice."""
    tags = bolt11.Tags()
    tags.add(bolt11.TagChar.payment_hash, terms.payment_hash)
    if terms.description_hash is None:
        tags.add(bolt11.TagChar.description, terms.memo)
    else:
        tags.add(bolt11.TagChar.description_hash, terms.description_hash)
    tags.add(bolt11.TagChar.payment_secret, terms.payment_secret)
    tags.add(bolt11.TagChar.expire_time, terms.expiry_seconds)
    tags.add(bolt11.TagChar.min_final_cltv_expiry, _CLTV_BLOCKS)
    tags.add(bolt11.TagChar.features, bolt11.Features.from_feature_list(_FEATURES))
    invoice = bolt11.Bolt11(
        currency=PREFIXES[terms.network],
        date=terms.date,
        tags=tags,
        amount_msat=bolt11.MilliSatoshi(terms.sats * 1000),
    )
    # An empty memo is legal; the library takes an empty description for a missing one.
    return bolt11.encode(invoice, key, ignore_exceptions=not terms.memo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a payer's side reads in an invoice's text."""

    payment_hash: str
    sats: int
    description: str | None
    expires_at: int
    """Unix seconds."""

    def has_expired_at(self, now: int) -> bool:
        """Whether its life is over."""
        return now >= self.expires_at


@lru_cache(maxsize=10_000)
def read(payment_request: str, network: str) -> Reading:
    """Read an invoice's text; what is unreadable or of another network is refused."""
    try:
        text = bolt11.decode(payment_request)
    except Exception as error:
        # The library raises whatever its bit reader does on garbage.
        raise Refusal("INVOICE_DECODE_ERROR", "Invalid bolt11 payment request") from error
    if text.currency != PREFIXES[network] or not text.amount_msat:
        raise Refusal("INVOICE_DECODE_ERROR", "Invoice is for another network or no amount")
    return Reading(
        payment_hash=text.payment_hash,
        sats=-(-int(text.amount_msat) // 1000),
        description=text.description,
        expires_at=text.date + text.expiry,
    )


def falsify(terms: Terms, what: str) -> Terms:
    """The terms with one thing wrong: amount, hash, network, expiry or memo."""
    match what:
        case "amount":
            return replace(terms, sats=terms.sats + 1)
        case "hash":
            return replace(terms, payment_hash=secrets.token_hex(32))
        case "network":
            other = "testnet" if terms.network != "testnet" else "signet"
            return replace(terms, network=other)
        case "expiry":
            return replace(terms, expiry_seconds=terms.expiry_seconds + 7200)
        case "memo":
            return replace(terms, memo=terms.memo + "!")
        case _:
            raise ValueError(f"an invoice can't be falsified in its {what!r}")
