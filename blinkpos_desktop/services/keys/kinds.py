"""The two keys that a shop may have, and where they may lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from blinkpos_desktop.settings import Secret


class KeyKind(StrEnum):
    """What a key is for; the value is its name in the settings."""

    API = "API_KEY"
    PAYOUT = "PAYOUT_KEY"
    """For paying alone."""

    @property
    def slug(self) -> str:
        """Its name where it is stored: ``api-key``."""
        return self.value.lower().replace("_", "-")


class KeySource(StrEnum):
    """Where a key was found, the first one wins; in the words that a person reads."""

    ENVIRONMENT = "the environment"
    KEYCHAIN = "the system's keychain"
    SEALED_FILE = "the sealed file"
    SETTINGS_FILE = "the settings file"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A key and where it was found."""

    secret: Secret
    source: KeySource


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySlot:
    """One key of one Blink, and the files of ours that tell where it is stored."""

    kind: KeyKind
    place: str
    folder: Path

    @property
    def label(self) -> str:
        """Its name in the keychain, and what a sealed file is bound to."""
        return f"{self.kind.slug}@{self.place}"

    @property
    def sealed(self) -> Path:
        """The sealed file, where there is one."""
        return self._file("sealed")

    @property
    def mark(self) -> Path:
        """An empty file that says that the keychain has it: without one it need not be asked."""
        return self._file("keychain")

    def _file(self, ending: str) -> Path:
        return self.folder / f"{re.sub('[^a-z0-9.@_-]', '_', self.label.lower())}.{ending}"


def place_of(api_url: str) -> str:
    """Return which Blink a stored key is for: the host, and its port if it names one.

    A key of the test network never meets the real one.
    """
    return urlsplit(api_url).netloc
