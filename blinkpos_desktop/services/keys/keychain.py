"""The system's keychain by ``keyring``: slow, locked or hung, it holds nobody up.

It is imported and asked in a thread only. Its backends are plug-ins: whatever
they raise means that there is no keychain, and only the error's name is logged,
for its text may repeat what was asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.services.aside import aside
from blinkpos_desktop.services.keys.kinds import KeySlot
from blinkpos_desktop.settings import Secret

SERVICE: Final = "BlinkPOS"
ASK_SECONDS: Final = 10.0
SILENT: Final = "The system's keychain does not answer: unlock it."
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Keychain:
    """The keychain of the person who runs the program."""

    def __init__(self) -> None:
        """Ask nothing yet."""
        self._reading: asyncio.Future[Mapping[KeySlot, str]] | None = None

    async def read(
        self, slots: Sequence[KeySlot], seconds: float = ASK_SECONDS
    ) -> Mapping[KeySlot, Secret]:
        """Return those keys that it holds: none where there is no keychain.

        Raises:
            UnavailableError: it says nothing for so long. The question stands: asked
                again, its answer is waited for, as when a person must unlock it first.
        """
        if self._reading is None:
            self._reading = aside(lambda: _read(slots), "keychain")
        found = await _within(self._reading, seconds)
        self._reading = None
        return {slot: Secret(text) for slot, text in (found or {}).items()}

    async def write(self, slot: KeySlot, key: Secret) -> bool:
        """Store a key; ``False`` where there is no keychain that is fit for one.

        Raises:
            UnavailableError: it does not answer.
            SettingsError: the folder of the marks can't be written.
        """
        if not await self._do(lambda: _write(slot.label, key.reveal())):
            return False
        try:
            slot.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            slot.mark.touch()
        except OSError as error:
            raise SettingsError(
                f"The folder {slot.folder} can't be written.", cause=str(error)
            ) from error
        return True

    async def forget(self, slot: KeySlot) -> bool:
        """Remove a key; ``False`` when it held none.

        Raises:
            UnavailableError: it does not answer.
        """
        was_there = await self._do(lambda: _forget(slot.label))
        slot.mark.unlink(missing_ok=True)
        return bool(was_there)

    async def _do(self, work: Callable[[], bool]) -> bool | None:
        return await _within(aside(work, "keychain"), ASK_SECONDS)


async def _within(asked: asyncio.Future[_T], seconds: float) -> _T | None:
    await asyncio.wait({asked}, timeout=seconds)
    if not asked.done():
        raise UnavailableError(SILENT)
    if (error := asked.exception()) is not None:
        _log.warning("no keychain: %s", type(error).__name__)
        return None
    return asked.result()


def _read(slots: Sequence[KeySlot]) -> Mapping[KeySlot, str]:
    import keyring

    found = {slot: keyring.get_password(SERVICE, slot.label) for slot in slots}
    return {slot: text for slot, text in found.items() if text}


def _write(name: str, text: str) -> bool:
    import keyring
    from keyring.core import recommended

    # One that the library itself does not recommend may keep plain text.
    if not recommended(keyring.get_keyring()):
        return False
    keyring.set_password(SERVICE, name, text)
    return keyring.get_password(SERVICE, name) == text


def _forget(name: str) -> bool:
    import keyring

    if keyring.get_password(SERVICE, name) is None:
        return False
    keyring.delete_password(SERVICE, name)
    return True
