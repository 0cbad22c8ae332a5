"""What the owner sets at the screen: read, checked, written, and given to the running till."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from blinkpos_desktop import logs, settings_file
from blinkpos_desktop import settings as settings_module
from blinkpos_desktop.domain.address import redact_url
from blinkpos_desktop.domain.blink import UnknownRecipientError
from blinkpos_desktop.domain.errors import InputError, SettingsError, TillError, UnavailableError
from blinkpos_desktop.domain.options import BY_NAME, OPTIONS, Effect, Group, Kind, Option, Sheet
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.transport import Transport
from blinkpos_desktop.services.keys.kinds import KeyKind, KeySource
from blinkpos_desktop.services.keys.storing import KeyStore
from blinkpos_desktop.settings import PREFIX, Secret, Settings
from blinkpos_desktop.settings_file import ChangedMeanwhileError

STARS = "***"
NO_PLACE = (
    "This machine has no keychain: store the key at a terminal, with blinkpos key set, "
    "which seals it under a passphrase."
)
_log = logging.getLogger(__name__)


class SaveError(SettingsError):
    """Nothing was saved, or not all: ``name`` is the setting that it is about."""

    def __init__(self, sentence: str, *, name: str = "", sheet: Sheet | None = None) -> None:
        """Keep what the page shows; ``sheet`` is how the file is now, if that is another one."""
        super().__init__(sentence)
        self.name, self.sheet = name, sheet


class Directory(Protocol):
    """Where names are looked up."""

    async def recipient(self, username: str) -> object:
        """Return a username's wallet.

        Raises:
            UnknownRecipientError: there is none.
        """

    async def currency(self, code: str) -> object:
        """Return a currency.

        Raises:
            InputError: Blink does not list it.
        """


class Configuring:
    """The owner's settings. ``take_over`` gives new ones to the till, and whether keys changed."""

    def __init__(
        self,
        settings: Settings,
        *,
        file: Path,
        directory: Callable[[], Directory],
        take_over: Callable[[Settings, bool], None],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Read nothing yet; ``settings`` are those in force."""
        self._settings, self._file = settings, file
        self._directory, self._take_over = directory, take_over
        self._environ = os.environ if environ is None else environ

    async def read(self) -> Sheet:
        """Return what is set.

        Raises:
            SettingsError: the file is no settings file.
        """
        return await asyncio.to_thread(self._read)

    async def look_up(self, kind: Kind, text: str) -> bool | None:
        """Return whether Blink knows a name or a code; ``None`` when it can't be asked."""
        directory = self._directory()
        try:
            if kind is Kind.CURRENCY:
                await directory.currency(text)
            else:
                await directory.recipient(text)
        except (UnknownRecipientError, InputError):
            return False
        except TillError as error:
            _log.info("%s is not looked up: %s", kind.value, error)
            return None
        return True

    async def save(self, changes: Mapping[str, str | None], stamp: str) -> tuple[Sheet, str]:
        """Save changed settings, by name, and bring them into force; None takes one out.

        Keys go into the key store first: whatever fails then, no key is in the file.

        Raises:
            SaveError: a value is wrong, or the file is another one than ``stamp`` tells.
        """
        values = {n: text for n, text in changes.items() if BY_NAME[n].kind is not Kind.KEY}
        keys = {KeyKind(name): changes[name] for name in changes.keys() - values.keys()}
        try:
            wanted = await asyncio.to_thread(self._wanted, values, stamp)
            told = [await self._store(wanted, kind, text) for kind, text in sorted(keys.items())]
            # A key in plain text is not left beside one that is stored, or forgotten.
            values |= dict.fromkeys((kind.value for kind in keys), None)
            await asyncio.to_thread(settings_file.change, self._file, values, stamp=stamp)
        except ChangedMeanwhileError as error:
            raise SaveError(
                f"{error.sentence} Look through it and save once more.",
                sheet=await self.read(),
            ) from error
        settings = await asyncio.to_thread(self._load)
        self._settings = settings
        logs.hide_all(settings)
        self._take_over(settings, bool(keys))
        _log.info("settings saved: %s", ", ".join(sorted(changes)))
        return await self.read(), " ".join(each for each in told if each)

    def _read(self) -> Sheet:
        state = settings_file.read(self._file)
        values = settings_module.values_of_file(self._file)
        given = settings_module.values_of_environment(self._environ)
        plain = settings_module.check({})
        return Sheet(
            stored={name: _shown(BY_NAME[name], text) for name, text in values.items()},
            environment={name: _shown(BY_NAME[name], text) for name, text in given.items()},
            keys=self._keys(values),
            defaults={
                "TILL": plain.till,
                "DATA_DIR": str(plain.data_dir),
                "BACKUP_DIR": str(self._settings.data_dir / "backups"),
            },
            is_in_force=not changed(self._settings, settings_module.check(values | given)),
            stamp=state.stamp,
            path=str(self._file),
        )

    def _keys(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return where the keys are that are stored, in words."""
        found = {}
        for kind in KeyKind:
            source = None
            if self._settings.stored_keys is not None:
                source = KeyStore(self._settings, kind, _log.info).where()
            if source is None and kind.value in values:
                source = KeySource.SETTINGS_FILE
            if source is not None:
                found[kind.value] = source.value
        return found

    def _wanted(self, changes: Mapping[str, str | None], stamp: str) -> Settings:
        """Return the settings as they will be, before anything is written."""
        if settings_file.read(self._file).stamp != stamp:
            raise ChangedMeanwhileError(
                f"{self._file.name} was changed by somebody else meanwhile."
            )
        values = settings_module.values_of_file(self._file) | {
            name: text or "" for name, text in changes.items()
        }
        values |= settings_module.values_of_environment(self._environ)
        try:
            wanted = settings_module.check({name: text for name, text in values.items() if text})
            if wanted.redis_url is not None:
                _check_redis(wanted.redis_url)
        except SettingsError as error:
            raise SaveError(error.sentence, name=name_in(error.sentence)) from error
        return replace(
            wanted,
            stored_keys=self._settings.stored_keys,
            key_passphrase=self._settings.key_passphrase,
        )

    def _load(self) -> Settings:
        settings = settings_module.load(self._environ, self._file)
        # One that was typed at the terminal is in no file.
        passphrase = settings.key_passphrase or self._settings.key_passphrase
        return replace(settings, key_passphrase=passphrase, stored_keys=self._settings.stored_keys)

    async def _store(self, settings: Settings, kind: KeyKind, text: str | None) -> str:
        """Store a key that Blink takes, or forget the stored one; return what a person should know.

        Without Blink it is stored untried.
        """
        try:
            said: list[str] = []
            store = KeyStore(settings, kind, said.append)
            if text is None:
                await store.forget()
                return ""
            key = settings_module.check_key(text.strip(), kind.value)
            logs.hide(key)
            if (whose := await self._whose(settings, key)) is None:
                said.append("The key is stored, but Blink could not be asked about it.")
            else:
                said.append(f"The key of {whose} is stored.")
            await store.store(key, lambda: _passphrase(settings))
        except SaveError:
            raise
        except TillError as error:
            raise SaveError(error.sentence, name=kind.value) from error
        return " ".join(said)

    async def _whose(self, settings: Settings, key: Secret) -> str | None:
        transport = Transport(settings.api_url, key.reveal())
        try:
            account = await BlinkClient(transport).account()
        except UnavailableError as error:
            _log.info("a new key is not tried: %s", error)
            return None
        finally:
            await transport.close()
        return account.username or "an account without a username"


def changed(before: Settings, after: Settings) -> frozenset[Effect]:
    """Return how what differs comes into force. The network shows in its addresses."""
    return frozenset(each.effect for each in OPTIONS if _held(before, each) != _held(after, each))


def _held(settings: Settings, option: Option) -> object:
    """Return what settings hold of an option: the look's have one value together."""
    if option.group is Group.LOOK:
        return settings.appearance
    return getattr(settings, option.name.lower(), None)


def name_in(sentence: str) -> str:
    """Return the setting that a sentence of the checks names first; empty if it names none."""
    found = [(at, name) for name in BY_NAME if (at := _place(sentence, name)) >= 0]
    return min(found)[1] if found else ""


def _place(sentence: str, name: str) -> int:
    return f"{sentence} ".replace(":", " ").find(f"{PREFIX}{name} ")


def _shown(option: Option, text: str) -> str:
    if not option.is_secret:
        return text
    return redact_url(text) if option.kind is Kind.ADDRESS else STARS


def _check_redis(url: Secret) -> None:
    """Refuse an address of which no client can be made."""
    # A third of a second to import: only where there is one.
    from blinkpos_desktop.services.store import redis_address

    redis_address.read(url.reveal())


def _passphrase(settings: Settings) -> Secret:
    if settings.key_passphrase is None:
        raise SettingsError(NO_PLACE)
    return settings.key_passphrase
