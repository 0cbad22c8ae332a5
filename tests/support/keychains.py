"""Keychains of the tests' own: one in a file, which processes share, and one that hangs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

FILE = f"{__name__}.FileKeychain"
HANGING = f"{__name__}.HangingKeychain"
BROKEN = f"{__name__}.BrokenKeychain"


class FileKeychain(KeyringBackend):
    """Holds what it is given in the file that KEYCHAIN_FILE names."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's

    @property
    def _path(self) -> Path:
        return Path(os.environ["KEYCHAIN_FILE"])

    def _load(self) -> dict[str, str]:
        held: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return held

    def get_password(self, service: str, username: str) -> str | None:
        return self._load().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps(self._load() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        held = self._load()
        if held.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError
        self._path.write_text(json.dumps(held))


class HangingKeychain(FileKeychain):
    """One whose D-Bus never answers."""

    def _load(self) -> dict[str, str]:
        time.sleep(3600)
        return {}


class BrokenKeychain(FileKeychain):
    """A plug-in with a bug, whose message repeats what it was given."""

    def get_password(self, service: str, username: str) -> str | None:
        raise LookupError(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise LookupError(service, username, password)
