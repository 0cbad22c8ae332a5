"""Where a Blink key is put: the keychain, or a sealed file where there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.services.keys.keychain import Keychain
from blinkpos_desktop.services.keys.kinds import KeyKind, KeySlot, KeySource, place_of
from blinkpos_desktop.services.keys.sealed_file import SealedFile
from blinkpos_desktop.settings import Secret, Settings

_log = logging.getLogger(__name__)


class KeyStore:
    """The place of one key of one Blink. ``say`` hears what a person should know."""

    def __init__(self, settings: Settings, kind: KeyKind, say: Callable[[str], None]) -> None:
        """Look nowhere yet.

        Raises:
            SettingsError: no key can be stored here.
        """
        if settings.stored_keys is None:
            raise SettingsError("No key can be stored here.")
        place = place_of(settings.api_url)
        self.slot = KeySlot(kind=kind, place=place, folder=settings.stored_keys)
        self.file = SealedFile(self.slot)
        self._say = say

    async def store(
        self, key: Secret, passphrase: Callable[[], Secret], *, to_file: bool = False
    ) -> KeySource:
        """Store a key; ``passphrase`` is asked for only where there is no keychain.

        Raises:
            TillError: it can't be stored, or there is no passphrase.
        """
        keychain = Keychain()
        if not to_file and await self._into_keychain(keychain, key):
            self.file.forget()
            return KeySource.KEYCHAIN
        await asyncio.to_thread(self.file.write, key, passphrase())
        await self._out_of_keychain(keychain)
        return KeySource.SEALED_FILE

    async def forget(self) -> tuple[KeySource, ...]:
        """Forget a stored key, wherever it is; return where it was.

        Raises:
            UnavailableError: the keychain does not answer, and may still have it.
        """
        places = []
        try:
            if await Keychain().forget(self.slot):
                places.append(KeySource.KEYCHAIN)
        except UnavailableError:
            self.file.forget()
            raise
        if self.file.forget():
            places.append(KeySource.SEALED_FILE)
        return tuple(places)

    def where(self) -> KeySource | None:
        """Return where one is stored, by what lies in the folder; nobody is asked for it."""
        if self.slot.mark.exists():
            return KeySource.KEYCHAIN
        return KeySource.SEALED_FILE if self.file.is_there() else None

    async def _into_keychain(self, keychain: Keychain, key: Secret) -> bool:
        try:
            return await keychain.write(self.slot, key)
        except UnavailableError as error:
            _log.warning("%s", error)
            self._say("The system's keychain does not answer: the key goes into a sealed file.")
            return False

    async def _out_of_keychain(self, keychain: Keychain) -> None:
        """Let an older key in the keychain not go before the file."""
        if not self.slot.mark.exists():
            return
        try:
            await keychain.forget(self.slot)
        except UnavailableError:
            self._say("The system's keychain does not answer: an older key may still be in it.")
            self.slot.mark.unlink(missing_ok=True)
