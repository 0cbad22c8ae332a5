"""A secret sealed under a passphrase: argon2id makes the key, AES-256-GCM seals."""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass
from typing import Any, Final

from blinkpos_desktop.domain.errors import SettingsError

FORMAT: Final = "blinkpos sealed key 1"
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
# RFC 9106's second recommended choice: some 0.3 s on a till.
_MEMORY_KIB: Final = 64 * 1024
_ITERATIONS: Final = 3
_LANES: Final = 4
_MOST_MEMORY_KIB: Final = 1024 * 1024
_MOST_ITERATIONS: Final = 20
_MOST_LANES: Final = 16
_WRONG: Final = (
    "The sealed key does not open: the passphrase is wrong, or the file was changed. "
    "Check BLINKPOS_KEY_PASSPHRASE, or store the key anew with blinkpos key set."
)
_DAMAGED: Final = "The sealed key's file is damaged: store the key anew with blinkpos key set."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    memory_kib: int
    iterations: int
    lanes: int


def seal(secret: str, passphrase: str, label: str) -> bytes:
    """Return the file's content. ``label`` says what it is for: it opens under that one only."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cost = _Cost(memory_kib=_MEMORY_KIB, iterations=_ITERATIONS, lanes=_LANES)
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key(passphrase, salt, cost)).encrypt(nonce, secret.encode(), label.encode())
    fields: dict[str, Any] = {
        "format": FORMAT,
        "for": label,
        "kdf": "argon2id",
        "memory_kib": cost.memory_kib,
        "iterations": cost.iterations,
        "lanes": cost.lanes,
        "salt": _text(salt),
        "nonce": _text(nonce),
        "sealed": _text(sealed),
    }
    return json.dumps(fields, indent=1).encode() + b"\n"


def unseal(content: bytes, passphrase: str, label: str) -> str:
    """Return the secret.

    Raises:
        SettingsError: the passphrase is wrong, or the file is not as it was written.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        fields = json.loads(content)
        cost = _cost(fields)
        salt, nonce, sealed = _parts(fields)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(_DAMAGED, cause=repr(error)[:200]) from error
    try:
        opened = AESGCM(_key(passphrase, salt, cost)).decrypt(nonce, sealed, label.encode())
    except InvalidTag as error:
        raise SettingsError(_WRONG) from error
    return opened.decode()


def _key(passphrase: str, salt: bytes, cost: _Cost) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    return Argon2id(
        salt=salt,
        length=_KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(passphrase.encode())


def _parts(fields: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    if (fields["format"], fields["kdf"]) != (FORMAT, "argon2id"):
        raise ValueError("another format")
    salt, nonce, sealed = (_bytes(fields[name]) for name in ("salt", "nonce", "sealed"))
    if len(salt) < _SALT_BYTES or len(nonce) != _NONCE_BYTES:
        raise ValueError("salt or nonce")
    return salt, nonce, sealed


def _cost(fields: dict[str, Any]) -> _Cost:
    """Read what it costs to open: whoever can change the file must not make that the machine."""
    cost = _Cost(**{name: fields[name] for name in ("memory_kib", "iterations", "lanes")})
    for value, most in (
        (cost.memory_kib, _MOST_MEMORY_KIB),
        (cost.iterations, _MOST_ITERATIONS),
        (cost.lanes, _MOST_LANES),
    ):
        if type(value) is not int or not 1 <= value <= most:
            raise ValueError("cost")
    if cost.memory_kib < 8 * cost.lanes:
        raise ValueError("cost")
    return cost


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not a text")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
