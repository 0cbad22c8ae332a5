"""``blinkpos key``: stores the Blink key, asks Blink about it, forgets it. It is never shown."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from blinkpos_desktop import logs
from blinkpos_desktop.domain.blink import Account, Scope
from blinkpos_desktop.domain.errors import (
    InputError,
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.operations.passphrase import LEAST_PASSPHRASE, prompt, read_passphrase
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.transport import Transport
from blinkpos_desktop.services.keys.finding import NO_KEY, KeyFinder
from blinkpos_desktop.services.keys.kinds import FoundKey, KeyKind, KeySource
from blinkpos_desktop.services.keys.storing import KeyStore
from blinkpos_desktop.settings import Secret, Settings, check_key

_MOST_INPUT: Final = 1000
_NAMES: Final = {KeyKind.API: "The Blink key", KeyKind.PAYOUT: "The key for paying"}
_log = logging.getLogger(__name__)


class Exit(IntEnum):
    """What ``key`` ends with; a bug is 70."""

    GOOD = 0
    LACKING = 1
    """The keys lack a scope, or are of two accounts."""
    BAD_INPUT = 2
    UNAVAILABLE = 6
    REFUSED = 7


def exit_of(error: TillError) -> Exit:
    """Return the exit code of an error."""
    if isinstance(error, UnavailableError):
        return Exit.UNAVAILABLE
    return Exit.REFUSED if isinstance(error, RefusedError) else Exit.BAD_INPUT


# -- a person's input, before there is a loop


def read_key(kind: KeyKind) -> Secret:
    """Return a key from a prompt without echo, or from standard input where it is no terminal.

    Raises:
        InputError: nothing was given. SettingsError: it is no key.
    """
    if sys.stdin is None:
        raise InputError("Standard input is closed: no key can be read.")
    if sys.stdin.isatty():
        text = prompt(f"{_NAMES[kind]} (it is not shown): ")
    else:
        text = sys.stdin.readline(_MOST_INPUT)
    if not text.strip():
        raise InputError("No key was given: type it, or pass it on standard input.")
    key = check_key(text.strip(), kind.value)
    logs.hide(key)
    return key


# -- what is done


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCommand:
    """``key set|check|forget`` for one kind of key."""

    settings: Settings
    kind: KeyKind = KeyKind.API

    async def store(self, key: Secret, *, to_file: bool) -> Exit:
        """Store a key: in the keychain, or in a sealed file where there is none."""
        store = KeyStore(self.settings, self.kind, say)
        source = await store.store(key, self._passphrase, to_file=to_file)
        where = f" ({store.file.path})" if source is KeySource.SEALED_FILE else ""
        write(f"{_NAMES[self.kind]} for {store.slot.place} is stored in {source.value}{where}.")
        self._warn_of_others()
        return Exit.GOOD

    async def forget(self) -> Exit:
        """Forget a stored key, wherever it is."""
        store = KeyStore(self.settings, self.kind, say)
        try:
            places = await store.forget()
        except UnavailableError as error:
            # The file is removed all the same; what the keychain has is still there.
            say(error.sentence)
            return Exit.UNAVAILABLE
        if places:
            names = " and ".join(place.value for place in places)
            write(f"{_NAMES[self.kind]} for {store.slot.place} is gone from {names}.")
        else:
            write(f"No such key was stored for {store.slot.place}.")
        self._warn_of_others()
        return Exit.GOOD

    async def check(self, *, as_json: bool) -> Exit:
        """Ask Blink what the keys may do; say it, and never the keys."""
        found = await KeyFinder(self.settings).look()
        if KeyKind.API not in found:
            raise SettingsError(NO_KEY)
        accounts = {kind: await self._ask(key) for kind, key in found.items()}
        problem = _problem(accounts)
        if as_json:
            write(json.dumps(_as_object(found, accounts, problem)))
        else:
            for kind, key in found.items():
                write(_line(kind, key, accounts[kind]))
        if problem:
            say(problem)
        return Exit.LACKING if problem else Exit.GOOD

    async def _ask(self, key: FoundKey) -> Account:
        transport = Transport(self.settings.api_url, key.secret.reveal())
        try:
            return await BlinkClient(transport).account()
        finally:
            await transport.close()

    def _passphrase(self) -> Secret:
        given = self.settings.key_passphrase or read_passphrase(twice=True)
        if given is None:
            raise InputError(
                "There is no keychain, and no terminal to ask for a passphrase: "
                "set BLINKPOS_KEY_PASSPHRASE."
            )
        if len(given.reveal()) < LEAST_PASSPHRASE:
            raise InputError(
                f"The passphrase is too short: use at least {LEAST_PASSPHRASE} letters."
            )
        return given

    def _warn_of_others(self) -> None:
        """Say what still goes before a stored key, or is left beside it."""
        settings = self.settings
        value = settings.api_key if self.kind is KeyKind.API else settings.payout_key
        if value is None:
            return
        name = f"BLINKPOS_{self.kind.value}"
        if self.kind.value in settings.keys_of_file:
            say(f"The settings file holds a key in plain text: remove {name.lower()[9:]} there.")
        else:
            say(f"{name} is set in the environment and goes before a stored key.")


def _problem(accounts: Mapping[KeyKind, Account]) -> str:
    """Say what the keys lack together; empty when a till can work with them."""
    api, payout = accounts[KeyKind.API], accounts.get(KeyKind.PAYOUT)
    if payout is not None and payout.id != api.id:
        return "The key for paying is another account's: both must be the collecting account's."
    wanted = {Scope.READ, Scope.RECEIVE} if payout else set(Scope)
    missing = [scope.value for scope in Scope if scope in wanted - api.scopes]
    if missing:
        return f"The Blink key lacks {' and '.join(missing)}: make another one at Blink."
    if payout is not None and Scope.WRITE not in payout.scopes:
        return "The key for paying lacks WRITE: make another one at Blink."
    return ""


def _line(kind: KeyKind, key: FoundKey, account: Account) -> str:
    scopes = ", ".join(scope.value for scope in Scope if scope in account.scopes) or "no scope"
    whose = account.username or "an account without a username"
    return f"{_NAMES[kind]}, from {key.source.value}: {whose} on {account.network}, {scopes}."


def _as_object(
    found: Mapping[KeyKind, FoundKey], accounts: Mapping[KeyKind, Account], problem: str
) -> dict[str, Any]:
    keys = [
        {
            "kind": kind.slug,
            "source": key.source.name.lower(),
            "username": accounts[kind].username,
            "network": accounts[kind].network,
            "scopes": [scope.value for scope in Scope if scope in accounts[kind].scopes],
        }
        for kind, key in found.items()
    ]
    return {"event": "key", "good": not problem, "problem": problem, "keys": keys}


def run(settings: Settings, *, what: str, kind: str, to_file: bool, as_json: bool) -> int:
    """Do one of ``set``, ``check`` and ``forget``; return the exit code."""
    command = KeyCommand(settings=settings, kind=KeyKind(kind))
    try:
        if what == "set":
            return asyncio.run(command.store(read_key(command.kind), to_file=to_file))
        if what == "forget":
            return asyncio.run(command.forget())
        return asyncio.run(command.check(as_json=as_json))
    except TillError as error:
        _log.warning("%s", error)
        say(error.sentence)
        return exit_of(error)
