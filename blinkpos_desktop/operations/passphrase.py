"""The passphrase of a sealed key, asked for at the terminal. Light to import."""

from __future__ import annotations

import getpass
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Final

from blinkpos_desktop import logs
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.settings import Secret, Settings

LEAST_PASSPHRASE: Final = 8


def prompt(text: str) -> str:
    """Return what a person types at the terminal, without an echo.

    Raises:
        InputError: he ends it without a word.
    """
    try:
        return getpass.getpass(text)
    except EOFError as error:
        raise InputError("Nothing was given.") from error


def read_passphrase(*, twice: bool) -> Secret | None:
    """Return a passphrase from the terminal; ``None`` where there is none.

    Raises:
        InputError: it is too short, or not the same twice.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    text = prompt("Passphrase of the sealed key: ")
    if twice and len(text) < LEAST_PASSPHRASE:
        raise InputError(f"The passphrase is too short: use at least {LEAST_PASSPHRASE} letters.")
    if twice and prompt("The passphrase again: ") != text:
        raise InputError("The two passphrases are not the same.")
    return Secret(text)


def unlocked(settings: Settings) -> Settings:
    """Return the settings with the passphrase, if a sealed key wants one and a person gives it.

    Without it the key stays locked, which is said when the key is needed.
    """
    if settings.stored_keys is None or not settings.stored_keys.is_dir():
        return settings
    from blinkpos_desktop.services.keys.finding import KeyFinder

    if not KeyFinder(settings).wants_passphrase():
        return settings
    passphrase = None
    with suppress(InputError):
        passphrase = read_passphrase(twice=False)
    if passphrase is None or not passphrase.reveal():
        return settings
    logs.hide(passphrase)
    return replace(settings, key_passphrase=passphrase)
