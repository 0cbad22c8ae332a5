"""Settings, read once: ``BLINKPOS_…`` variables over a TOML file, checked and frozen.

A wrong value is named with what is allowed. Secrets never show in a ``repr``.
"""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import platformdirs

from blinkpos_desktop.domain.address import LAST_PORT, parts_of
from blinkpos_desktop.domain.appearance import USUAL, Appearance, parse_appearance
from blinkpos_desktop.domain.errors import InputError, SettingsError, quoted
from blinkpos_desktop.domain.money import parse_percent
from blinkpos_desktop.domain.options import BY_NAME, LISTS
from blinkpos_desktop.domain.sale import Recipient, check_username, parse_recipients

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

PREFIX: Final = "BLINKPOS_"
MAX_PRESETS: Final = 4
ENDPOINTS: Final[Mapping[str, tuple[str, str]]] = {
    "mainnet": ("https://api.blink.sv/graphql", "wss://ws.blink.sv/graphql"),
    "staging": ("https://api.staging.blink.sv/graphql", "wss://ws.staging.blink.sv/graphql"),
}
REDIS_SCHEMES: Final = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SEVERAL: Final = frozenset({"DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL"})
"""Whose address may name several servers, for one takes another's place."""
_NAMES: Final = BY_NAME.keys()
_KEYS: Final = frozenset({"API_KEY", "PAYOUT_KEY"})
_LOCK: Final = "KEY_PASSPHRASE"
"""In the environment only: in the file it would lie beside what it locks."""
_SECRET: Final[Mapping[str, str]] = {
    "API_KEY": "the API key",
    "PAYOUT_KEY": "the API key for paying",
    "BACKUP_PASSPHRASE": "the passphrase of the backups",
}
"""What a settings file that others can read must not hold."""
_SHORTEST_PASSPHRASE: Final = 8


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is never printed."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._text

    def __str__(self) -> str:
        """Return three stars."""
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the owner has set."""

    api_url: str
    ws_url: str
    data_dir: Path
    state_dir: Path
    """The folder of the rotating logs."""
    api_key: Secret | None = None
    merchant: str | None = None
    tip_recipients: tuple[Recipient, ...] = ()
    tip_presets: tuple[Fraction, ...] = (Fraction(10), Fraction(15), Fraction(20))
    currency: str = "SATS"
    till: str = "till"
    database_url: Secret | None = None
    """A server's; the embedded PostgreSQL is used without it."""
    database_direct_url: Secret | None = None
    """The same database past a pooler, to hear of other tills."""
    redis_url: Secret | None = None
    timezone: ZoneInfo | None = None
    """The shop's own days are this zone's; the machine's without it."""
    payout_key: Secret | None = None
    """For paying alone; without it ``api_key`` pays too."""
    keys_of_file: frozenset[str] = frozenset()
    """Which of the two come from the settings file: a stored one goes before them."""
    stored_keys: Path | None = None
    """The folder of sealed keys; without it neither these nor the system's keychain is asked."""
    key_passphrase: Secret | None = None
    alert_url: Secret | None = None
    metrics_port: int | None = None
    backup_dir: Path | None = None
    """Where backups are written by themselves; a folder of the data folder without it."""
    backup_passphrase: Secret | None = None
    appearance: Appearance = USUAL

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return self.backup_dir or self.data_dir / "backups"


def config_file() -> Path:
    """Return where the settings file is looked for; it need not exist."""
    return Path(platformdirs.user_config_dir("blinkpos", appauthor=False)) / "blinkpos.toml"


def load(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings of the person who runs the program.

    Raises:
        SettingsError: a value is wrong; the sentence names it and what is allowed.
    """
    values = values_of_file(config_file() if file is None else file)
    environ = os.environ if environ is None else environ
    given = values_of_environment(environ)
    of_file = frozenset(_KEYS & (values.keys() - given.keys()))
    values |= given
    passphrase = environ.get(PREFIX + _LOCK)
    return replace(
        check(values),
        keys_of_file=of_file,
        stored_keys=config_file().parent / "keys",
        key_passphrase=Secret(passphrase) if passphrase else None,
    )


def check_key(text: str, name: str = "API_KEY") -> Secret:
    """Return a Blink API key.

    Raises:
        SettingsError: no key looks like this; the text is not repeated.
    """
    if not re.fullmatch(r"[!-~]{8,200}", text):
        raise SettingsError(f"{PREFIX}{name} must be a Blink API key without spaces (blink_…).")
    return Secret(text)


def values_of_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment gives, by name, unchecked."""
    texts = {name: environ.get(PREFIX + name, "").strip() for name in _NAMES}
    return {name: text for name, text in texts.items() if text}


def values_of_file(path: Path) -> dict[str, str]:
    """Return what a settings file gives, by name, unchecked; nothing when there is none.

    Raises:
        SettingsError: it is no settings file, or others can read a secret in it.
    """
    try:
        content = path.read_text(encoding="utf-8")
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} cannot be read.", cause=str(error)
        ) from error
    values = values_of_text(content, path)
    for name, what in _SECRET.items():
        if name in values and os.name == "posix" and mode & 0o077:
            other = (
                "store the key with blinkpos key set" if name in _KEYS else f"set {PREFIX}{name}"
            )
            raise SettingsError(
                f"The settings file {path} holds {what} and others can read it: "
                f"run chmod 600 on it, or {other} instead."
            )
    return values


def name_of(key: str) -> str:
    """Return a setting's name by its key in the file, which may be spelled as the variable."""
    return key.upper().removeprefix(PREFIX)


def values_of_text(content: str, path: Path) -> dict[str, str]:
    """Return what the text of a settings file gives, by name, unchecked.

    Raises:
        SettingsError: it is no settings file's; ``path`` is named.
    """
    import tomllib

    try:
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from error
    values: dict[str, str] = {}
    for key, value in table.items():
        name = name_of(key)
        if name not in _NAMES:
            allowed = ", ".join(sorted(_NAMES))
            raise SettingsError(
                f"The settings file {path} has {quoted(key)}, which is no setting: "
                f"allowed are {allowed}."
            )
        if text := _as_text(name, value):
            values[name] = text
    return values


def _as_text(name: str, value: object) -> str:
    if BY_NAME[name].kind in LISTS and isinstance(value, list):
        return ",".join(_as_text(name, item) for item in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        allowed = "a text or a list of texts" if BY_NAME[name].kind in LISTS else "a text"
        raise SettingsError(f"{PREFIX}{name} must be {allowed}.")
    return str(value).strip()


def check(values: Mapping[str, str]) -> Settings:
    """Return the settings of these texts by name; a missing one has its default.

    Raises:
        SettingsError: a value is wrong; the sentence names it and what is allowed.
    """
    api_url, ws_url = _endpoints(values)
    keys = {name: check_key(values[name], name) for name in sorted(_KEYS & values.keys())}
    database = values.get("DATABASE_URL")
    _check_url(database, "DATABASE_URL", ("postgresql", "postgres"))
    direct = values.get("DATABASE_DIRECT_URL")
    _check_url(direct, "DATABASE_DIRECT_URL", ("postgresql", "postgres"))
    if direct and not database:
        raise SettingsError(
            f"{PREFIX}DATABASE_DIRECT_URL is the direct way to the database of "
            f"{PREFIX}DATABASE_URL: set that too."
        )
    passphrase = values.get("BACKUP_PASSPHRASE")
    if passphrase is not None and len(passphrase) < _SHORTEST_PASSPHRASE:
        raise SettingsError(
            f"{PREFIX}BACKUP_PASSPHRASE must have at least {_SHORTEST_PASSPHRASE} characters."
        )
    redis = values.get("REDIS_URL")
    _check_url(redis, "REDIS_URL", REDIS_SCHEMES)
    alert = values.get("ALERT_URL")
    _check_url(alert, "ALERT_URL", ("https", "http"))
    if alert and not urlsplit(alert).hostname:
        raise SettingsError(f"{PREFIX}ALERT_URL must name a host.")
    default_data = platformdirs.user_data_dir("blinkpos", appauthor=False)
    return Settings(
        api_url=api_url,
        ws_url=ws_url,
        api_key=keys.get("API_KEY"),
        payout_key=keys.get("PAYOUT_KEY"),
        merchant=_merchant(values.get("MERCHANT")),
        tip_recipients=_recipients(values.get("TIP_RECIPIENTS")),
        tip_presets=_presets(values.get("TIP_PRESETS", "10,15,20")),
        currency=_currency(values.get("CURRENCY", "SATS")),
        till=values.get("TILL", socket.gethostname() or "till")[:60],
        database_url=Secret(database) if database else None,
        database_direct_url=Secret(direct) if direct else None,
        redis_url=Secret(redis) if redis else None,
        timezone=_timezone(values.get("TIMEZONE")),
        data_dir=_folder(values.get("DATA_DIR", default_data), "DATA_DIR"),
        backup_dir=_folder(backups, "BACKUP_DIR")
        if (backups := values.get("BACKUP_DIR"))
        else None,
        backup_passphrase=Secret(passphrase) if passphrase else None,
        state_dir=Path(platformdirs.user_log_dir("blinkpos", appauthor=False)),
        alert_url=Secret(alert) if alert else None,
        metrics_port=_port(values.get("METRICS_PORT")),
        appearance=_appearance(values),
    )


def _appearance(values: Mapping[str, str]) -> Appearance:
    try:
        return parse_appearance(values)
    except InputError as error:
        raise SettingsError(f"{PREFIX}{error.sentence}") from error


def _endpoints(values: Mapping[str, str]) -> tuple[str, str]:
    network = values.get("NETWORK", "mainnet").lower()
    if network not in ENDPOINTS:
        allowed = " or ".join(ENDPOINTS)
        raise SettingsError(f"{PREFIX}NETWORK is {quoted(network)}: allowed are {allowed}.")
    api, ws = values.get("API_URL"), values.get("WS_URL")
    if bool(api) != bool(ws):
        raise SettingsError(f"Set {PREFIX}API_URL and {PREFIX}WS_URL together, or neither.")
    if api and ws:
        _check_url(api, "API_URL", ("https", "http"))
        _check_url(ws, "WS_URL", ("wss", "ws"))
        return api, ws
    return ENDPOINTS[network]


def _check_url(url: str | None, name: str, schemes: tuple[str, ...]) -> None:
    if url is None:
        return
    parts = parts_of(url)
    is_one = parts is not None and "," not in parts.netloc.rpartition("@")[2]
    if parts is None or parts.scheme not in schemes or not (is_one or name in _SEVERAL):
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        raise SettingsError(f"{PREFIX}{name} must start with {allowed} and have a valid address.")
    if not name.startswith(("API", "WS")):
        return
    if not parts.hostname or "@" in parts.netloc:
        raise SettingsError(f"{PREFIX}{name} must name a host, without a user or a password.")
    if parts.scheme in {"http", "ws"} and parts.hostname not in _LOOPBACK:
        # The key travels in it: never in the clear over a network.
        raise SettingsError(
            f"{PREFIX}{name} must be encrypted ({schemes[0]}://): "
            f"{parts.scheme}:// is for this machine itself only."
        )


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 1 <= int(text) <= LAST_PORT:
        raise SettingsError(f"{PREFIX}METRICS_PORT is {quoted(text, 20)}: use 1 to 65535.")
    return int(text)


def _folder(text: str, name: str) -> Path:
    try:
        if "\0" not in text:
            return Path(text).expanduser().absolute()
    except RuntimeError:
        pass  # "~somebody" whom this machine does not know
    raise SettingsError(f"{PREFIX}{name} is {quoted(text, 80)}: name a folder that can be made.")


def _merchant(text: str | None) -> str | None:
    try:
        return check_username(text) if text else None
    except InputError as error:
        raise SettingsError(f"{PREFIX}MERCHANT: {error.sentence}") from error


def _recipients(text: str | None) -> tuple[Recipient, ...]:
    try:
        return parse_recipients([part for part in text.split(",") if part.strip()] if text else [])
    except InputError as error:
        raise SettingsError(f"{PREFIX}TIP_RECIPIENTS: {error.sentence}") from error


def _presets(text: str) -> tuple[Fraction, ...]:
    try:
        presets = tuple(parse_percent(part) for part in text.split(",") if part.strip())
    except InputError as error:
        raise SettingsError(f"{PREFIX}TIP_PRESETS: {error.sentence}") from error
    if len(presets) > MAX_PRESETS or any(preset == 0 for preset in presets):
        raise SettingsError(
            f"{PREFIX}TIP_PRESETS takes up to four percentages above 0, as 10,15,20."
        )
    return presets


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]{2,8}", text):
        raise SettingsError(
            f"{PREFIX}CURRENCY is {quoted(text, 20)}: use SATS or a code such as USD."
        )
    return text.upper()


def _timezone(text: str | None) -> ZoneInfo | None:
    if not text:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        # Unknown, no name at all, or a folder's.
        raise SettingsError(
            f"{PREFIX}TIMEZONE is {quoted(text, 60)}: name a zone that this machine knows, "
            "such as Europe/Vienna."
        ) from error
