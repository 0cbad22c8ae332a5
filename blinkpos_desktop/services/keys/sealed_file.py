"""The sealed file of a key, for machines without a keychain."""

from __future__ import annotations

import os

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.services.keys import sealing
from blinkpos_desktop.services.keys.kinds import KeySlot
from blinkpos_desktop.settings import Secret


class SealedFile:
    """One key of one Blink in a file. Its methods block: a passphrase takes a third of a second."""

    def __init__(self, slot: KeySlot) -> None:
        """Keep which one; the file need not exist."""
        self._label, self.path = slot.label, slot.sealed

    def is_there(self) -> bool:
        """Whether there is one."""
        return self.path.is_file()

    def read(self, passphrase: Secret) -> Secret | None:
        """Return the key; ``None`` when there is no file.

        Raises:
            SettingsError: it does not open.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"The file {self.path} can't be read.", cause=str(error)) from error
        return Secret(sealing.unseal(content, passphrase.reveal(), self._label))

    def write(self, key: Secret, passphrase: Secret) -> None:
        """Seal the key into the file, whole or not at all, readable by its owner only.

        Raises:
            SettingsError: the file can't be written.
        """
        content = sealing.seal(key.reveal(), passphrase.reveal(), self._label)
        fresh = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            raise SettingsError(
                f"The file {self.path} can't be written.", cause=str(error)
            ) from error

    def forget(self) -> bool:
        """Remove the file; ``False`` when there was none.

        Raises:
            SettingsError: it can't be removed.
        """
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise SettingsError(
                f"The file {self.path} can't be removed.", cause=str(error)
            ) from error
        return True
