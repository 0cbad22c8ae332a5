"""What an owner can set: one row for each setting, from which file, page and checks are made.

A row is all that a new setting needs to be read, written and shown; its check is in
``settings.py``. Labels and help are English here and translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What is typed or chosen."""

    TEXT = "text"
    USERNAME = "username"
    """A name at Blink, which is looked up there."""
    RECIPIENTS = "recipients"
    """Names at Blink, each with a share or none."""
    PERCENTS = "percents"
    CURRENCY = "currency"
    """A code that Blink must list."""
    CHOICE = "choice"
    NUMBER = "number"
    ADDRESS = "address"
    FOLDER = "folder"
    PASSPHRASE = "passphrase"  # noqa: S105 (a kind)
    KEY = "key"
    """A Blink key: it goes into the key store, never into the file."""


LISTS: Final = frozenset({Kind.RECIPIENTS, Kind.PERCENTS})
"""Kinds that the file may hold as a list."""


class Group(StrEnum):
    """The page's parts, in their order; the value is what stands on the button."""

    SALE = "Selling"
    TILL = "This till"
    LOOK = "Look"
    BLINK = "Blink"
    LEDGER = "Ledger"
    BACKUP = "Backups"
    WATCH = "Watching"


class Effect(StrEnum):
    """How a change comes into force without a restart."""

    NEXT_USE = "next use"
    """With the next sale, or whenever it is used next."""
    CONNECTIONS = "connections"
    """The till connects anew, as soon as no sale is on the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting."""

    name: str
    """As in ``BLINKPOS_NAME``; in lower case the field of ``Settings``, where it has one.

    The network is chosen into addresses, what is in ``Group.LOOK`` is part of ``appearance``.
    """
    kind: Kind
    group: Group
    label: str
    help: str
    effect: Effect = Effect.NEXT_USE
    choices: tuple[str, ...] = ()
    default: str = ""
    """What counts without it, as somebody would type it; empty where that is said by ``help``."""
    is_secret: bool = False
    """Its text is never shown once it is stored."""


OPTIONS: Final = (
    Option(
        name="MERCHANT",
        kind=Kind.USERNAME,
        group=Group.SALE,
        label="Merchant",
        help="The Blink username that gets the sales. Without one they stay in the till's wallet.",
    ),
    Option(
        name="TIP_RECIPIENTS",
        kind=Kind.RECIPIENTS,
        group=Group.SALE,
        label="Tip recipients",
        help="Blink usernames, as ana, ben. With shares: ana:60, ben:40. Empty: no tips.",
    ),
    Option(
        name="TIP_PRESETS",
        kind=Kind.PERCENTS,
        group=Group.SALE,
        label="Tip percentages",
        help="Up to four buttons, as 10, 15, 20.",
        default="10, 15, 20",
    ),
    Option(
        name="CURRENCY",
        kind=Kind.CURRENCY,
        group=Group.SALE,
        label="Currency",
        help="SATS, or a code that Blink lists, as EUR.",
        default="SATS",
    ),
    Option(
        name="TILL",
        kind=Kind.TEXT,
        group=Group.TILL,
        label="Name of this till",
        help="Written beside its sales. Without one it is this machine's name.",
        effect=Effect.CONNECTIONS,
    ),
    Option(
        name="TIMEZONE",
        kind=Kind.TEXT,
        group=Group.TILL,
        label="Time zone",
        help="Where the shop's days begin, as Europe/Vienna. Without one it is this machine's.",
    ),
    Option(
        name="THEME",
        kind=Kind.CHOICE,
        group=Group.LOOK,
        label="Colours",
        help="System: dark or light, as this machine asks. Contrast: white and yellow on black.",
        choices=("system", "dark", "light", "contrast"),
        default="system",
    ),
    Option(
        name="TEXT_SCALE",
        kind=Kind.NUMBER,
        group=Group.LOOK,
        label="Size of the text",
        help="80 to 200, in percent.",
        default="100",
    ),
    Option(
        name="MOTION",
        kind=Kind.CHOICE,
        group=Group.LOOK,
        label="Motion",
        help="Reduced: nothing moves by itself.",
        choices=("full", "reduced"),
        default="full",
    ),
    Option(
        name="VOLUME",
        kind=Kind.NUMBER,
        group=Group.LOOK,
        label="Volume",
        help="0 to 100, in percent; 0 is off.",
        default="100",
    ),
    Option(
        name="SUCCESS_SECONDS",
        kind=Kind.NUMBER,
        group=Group.LOOK,
        label="Seconds of green",
        help="2 to 30: how long “Payment received” stays without a tap.",
        default="10",
    ),
    Option(
        name="API_KEY",
        kind=Kind.KEY,
        group=Group.BLINK,
        label="Blink key",
        help="From dashboard.blink.sv, with READ, RECEIVE and WRITE.",
        effect=Effect.CONNECTIONS,
        is_secret=True,
    ),
    Option(
        name="PAYOUT_KEY",
        kind=Kind.KEY,
        group=Group.BLINK,
        label="Key for paying",
        help="Of the same account, if the key above must not pay: READ and WRITE.",
        effect=Effect.CONNECTIONS,
        is_secret=True,
    ),
    Option(
        name="NETWORK",
        kind=Kind.CHOICE,
        group=Group.BLINK,
        label="Network",
        help="Staging is Blink's test network: its money is not real.",
        effect=Effect.CONNECTIONS,
        choices=("mainnet", "staging"),
        default="mainnet",
    ),
    Option(
        name="API_URL",
        kind=Kind.ADDRESS,
        group=Group.BLINK,
        label="Other address for questions",
        help="https://… Only together with the one below; empty: the network's own.",
        effect=Effect.CONNECTIONS,
    ),
    Option(
        name="WS_URL",
        kind=Kind.ADDRESS,
        group=Group.BLINK,
        label="Other address for updates",
        help="wss://… Only together with the one above; empty: the network's own.",
        effect=Effect.CONNECTIONS,
    ),
    Option(
        name="DATABASE_URL",
        kind=Kind.ADDRESS,
        group=Group.LEDGER,
        label="PostgreSQL server",
        help="postgresql://… Empty: the built-in one. What is there is moved by blinkpos move-to.",
        effect=Effect.CONNECTIONS,
        is_secret=True,
    ),
    Option(
        name="DATABASE_DIRECT_URL",
        kind=Kind.ADDRESS,
        group=Group.LEDGER,
        label="Its address past a pooler",
        help="postgresql://… Only where a pooler such as PgBouncer stands before the server.",
        effect=Effect.CONNECTIONS,
        is_secret=True,
    ),
    Option(
        name="REDIS_URL",
        kind=Kind.ADDRESS,
        group=Group.LEDGER,
        label="Redis",
        help="redis://… or rediss://… Empty: none, and nothing is missing.",
        effect=Effect.CONNECTIONS,
        is_secret=True,
    ),
    Option(
        name="DATA_DIR",
        kind=Kind.FOLDER,
        group=Group.LEDGER,
        label="Data folder",
        help="Holds the built-in ledger, which does not move with it.",
        effect=Effect.CONNECTIONS,
    ),
    Option(
        name="BACKUP_DIR",
        kind=Kind.FOLDER,
        group=Group.BACKUP,
        label="Backup folder",
        help="Best on another disk. Empty: backups, in the data folder.",
    ),
    Option(
        name="BACKUP_PASSPHRASE",
        kind=Kind.PASSPHRASE,
        group=Group.BACKUP,
        label="Passphrase of the backups",
        help="8 characters or more. Keep it elsewhere too: without it no backup opens.",
        is_secret=True,
    ),
    Option(
        name="ALERT_URL",
        kind=Kind.ADDRESS,
        group=Group.WATCH,
        label="Address for alerts",
        help="https://… It is told when something needs you.",
        effect=Effect.CONNECTIONS,
        is_secret=True,
    ),
    Option(
        name="METRICS_PORT",
        kind=Kind.NUMBER,
        group=Group.WATCH,
        label="Port for metrics",
        help="On this machine only. Empty: none.",
        effect=Effect.CONNECTIONS,
    ),
)
"""In the order of the page."""

BY_NAME: Final[Mapping[str, Option]] = {each.name: each for each in OPTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is set, as it may be shown: a secret's text is not in it."""

    stored: Mapping[str, str]
    """By name, what the file holds."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """By name, what the environment gives: it goes before the file."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By a key's name where it is stored, in words; those that are."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """By name, what this machine gives where nothing is set."""
    is_in_force: bool = True
    """False when somebody has edited the file since it was read."""
    stamp: str = ""
    """Which state of the file this is."""
    path: str = ""


def names_in(kind: Kind, text: str) -> tuple[str, ...]:
    """Return what Blink can be asked about in a setting's text: usernames, or a currency's code."""
    if kind is Kind.CURRENCY:
        code = text.strip().upper()
        return (code,) if code and code != "SATS" else ()
    if kind not in {Kind.USERNAME, Kind.RECIPIENTS}:
        return ()
    parts = (part.partition(":")[0].strip().lower() for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
