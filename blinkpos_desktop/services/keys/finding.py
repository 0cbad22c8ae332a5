"""Finds the Blink keys: environment over keychain over sealed file over settings file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from blinkpos_desktop import logs
from blinkpos_desktop.domain.errors import SettingsError, TillError, UnavailableError
from blinkpos_desktop.domain.measures import KeyMeasure, KeyState
from blinkpos_desktop.services.keys.keychain import ASK_SECONDS, Keychain
from blinkpos_desktop.services.keys.kinds import (
    FoundKey,
    KeyKind,
    KeySlot,
    KeySource,
    place_of,
)
from blinkpos_desktop.services.keys.sealed_file import SealedFile
from blinkpos_desktop.settings import Secret, Settings, check_key

NO_KEY: Final = (
    "No Blink API key is set. Make one at dashboard.blink.sv with the scopes READ, RECEIVE "
    "and WRITE, and store it with blinkpos key set, or set BLINKPOS_API_KEY."
)
LOCKED: Final = (
    "The Blink key is in a sealed file: set BLINKPOS_KEY_PASSPHRASE, "
    "or start blinkpos from a terminal, which asks for it."
)
LOST: Final = (
    "The system's keychain does not give the Blink key: unlock it and start again, "
    "or store the key anew with blinkpos key set."
)
MEASURE_SECONDS: Final = 3.0
"""For the keychain, when Blink is to be asked after it within the same limit."""


class KeyMissingError(SettingsError):
    """There is no key anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The key, and the one for paying when there is another for that."""

    api: FoundKey
    payout: FoundKey | None

    def reveal(self) -> tuple[str, str | None]:
        """Return both, for the one who sends them."""
        return self.api.secret.reveal(), self.payout.secret.reveal() if self.payout else None


class KeyFinder:
    """Looks where the keys of one Blink may lie."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; nothing is asked yet."""
        self._settings = settings
        self._keychain = Keychain()
        self._found: Keys | None = None

    @property
    def _slots(self) -> Mapping[KeyKind, KeySlot]:
        """Where keys may be stored; nowhere in a demo or a test."""
        folder, place = self._settings.stored_keys, place_of(self._settings.api_url)
        if folder is None:
            return {}
        return {kind: KeySlot(kind=kind, place=place, folder=folder) for kind in KeyKind}

    def wants_passphrase(self) -> bool:
        """Whether a person must be asked for the passphrase of a sealed file."""
        return self._settings.key_passphrase is None and any(
            slot.sealed.is_file() and not slot.mark.exists()
            for kind, slot in self._slots.items()
            if self._of_environment(kind) is None
        )

    async def find(self, seconds: float = ASK_SECONDS) -> Keys:
        """Return the keys, which are looked for until they were found once.

        The log hides them from then on.

        Raises:
            SettingsError: there is none, or a sealed one does not open.
            UnavailableError: the keychain does not answer, and nothing else has the key.
        """
        if self._found is None:
            found = await self.look(seconds)
            if KeyKind.API not in found:
                raise KeyMissingError(NO_KEY)
            self._found = Keys(api=found[KeyKind.API], payout=found.get(KeyKind.PAYOUT))
        return self._found

    async def measure(self, seconds: float = MEASURE_SECONDS) -> tuple[KeyMeasure, Keys | None]:
        """Return how the keys stand before Blink is asked, and the keys when there are any."""
        try:
            keys = await self.find(seconds)
        except KeyMissingError:
            return KeyMeasure(state=KeyState.MISSING), None
        except TillError as error:
            return KeyMeasure(state=KeyState.UNREADABLE, sentence=error.sentence), None
        return KeyMeasure(state=KeyState.UNKNOWN, source=keys.api.source.value), keys

    async def look(self, seconds: float = ASK_SECONDS) -> Mapping[KeyKind, FoundKey]:
        """Return whatever there is. Raises as ``find``."""
        found = {
            kind: FoundKey(secret=key, source=KeySource.ENVIRONMENT)
            for kind in KeyKind
            if (key := self._of_environment(kind)) is not None
        }
        slots, silent = self._slots, None
        marked = [slot for kind, slot in slots.items() if kind not in found and slot.mark.exists()]
        if marked:
            try:
                held = await self._keychain.read(marked, seconds)
            except UnavailableError as error:
                held, silent = {}, error
            for slot, key in held.items():
                found[slot.kind] = FoundKey(secret=key, source=KeySource.KEYCHAIN)
        for kind in KeyKind:
            if kind not in found and (further := await self._further(kind, slots)) is not None:
                found[kind] = further
        if silent is not None and any(slot.kind not in found for slot in marked):
            # Without the key for paying the other one would seem to lack a scope.
            raise silent
        if KeyKind.API not in found and any(slot.kind is KeyKind.API for slot in marked):
            raise SettingsError(LOST)
        for kind, one in found.items():
            check_key(one.secret.reveal(), kind.value)
            logs.hide(one.secret)
        return found

    async def _further(self, kind: KeyKind, slots: Mapping[KeyKind, KeySlot]) -> FoundKey | None:
        """Look into the sealed file, then into the settings file."""
        if kind in slots and (file := SealedFile(slots[kind])).is_there():
            if self._settings.key_passphrase is None:
                raise SettingsError(LOCKED)
            secret = await asyncio.to_thread(file.read, self._settings.key_passphrase)
            if secret is not None:
                return FoundKey(secret=secret, source=KeySource.SEALED_FILE)
        key = self._value(kind)
        return None if key is None else FoundKey(secret=key, source=KeySource.SETTINGS_FILE)

    def _of_environment(self, kind: KeyKind) -> Secret | None:
        return None if kind.value in self._settings.keys_of_file else self._value(kind)

    def _value(self, kind: KeyKind) -> Secret | None:
        settings = self._settings
        return settings.api_key if kind is KeyKind.API else settings.payout_key
