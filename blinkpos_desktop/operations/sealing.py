"""A stream under a passphrase: scrypt makes the key, ChaCha20-Poly1305 seals it piece by piece.

The pieces are bound to their place and the last one is marked (the STREAM
construction, as in age), so a file that was cut, reordered or changed does not
open. The head, in the clear, holds the salt and scrypt's costs, and is bound to
every piece.
"""

from __future__ import annotations

import io
import json
import os
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from blinkpos_desktop.domain.errors import InputError

MAGIC: Final = b"blinkpos sealed backup 1\n"
PIECE: Final = 1 << 16
_TAG: Final = 16
_COST: Final = 1 << 17
"""scrypt's N: 128 MiB and some 0.4 s for each try at the passphrase."""
_MOST_COST: Final = 1 << 20
_BLOCK_SIZE: Final = 8
_HEAD_BYTES: Final = 1000
_WRONG: Final = "The backup does not open: the passphrase is another one, or the file is damaged."
_DAMAGED: Final = "The backup is damaged: a part of it was changed or is missing."


class Seal(io.RawIOBase):
    """Writes to a file what is written here, sealed. ``close`` ends it; the file stays open."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        """Write the head."""
        salt = os.urandom(16)
        fields = {"kdf": "scrypt", "n": _COST, "r": _BLOCK_SIZE, "p": 1, "salt": salt.hex()}
        self._head = MAGIC + json.dumps(fields).encode() + b"\n"
        self._file, self._box = file, _box(passphrase, salt, _COST)
        self._piece = bytearray()
        self._number = 0
        file.write(self._head)

    def writable(self) -> bool:
        """Say that it takes bytes."""
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 (whatever buffer)
        """Take bytes; full pieces leave, but for what may be the last one."""
        self._piece += data
        while len(self._piece) > PIECE:
            self._leave(bytes(self._piece[:PIECE]), is_last=False)
            del self._piece[:PIECE]
        return len(data)

    def close(self) -> None:
        """Seal the last piece."""
        if not self.closed:
            self._leave(bytes(self._piece), is_last=True)
        super().close()

    def _leave(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._file.write(self._box.encrypt(nonce, piece, self._head))
        self._number += 1


class Unseal(io.RawIOBase):
    """Reads what was sealed.

    Raises:
        InputError: the passphrase is another one, or the file is damaged.
    """

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        """Read the head, from the file's start on."""
        magic, line = file.readline(len(MAGIC)), file.readline(_HEAD_BYTES)
        self._file, self._head = file, magic + line
        try:
            fields = json.loads(line)
            salt, cost = bytes.fromhex(fields["salt"]), int(fields["n"])
            known = (fields["kdf"], fields["r"], fields["p"]) == ("scrypt", _BLOCK_SIZE, 1)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(_DAMAGED, cause=str(error)) from error
        if magic != MAGIC or not known or cost.bit_count() != 1 or not 1 < cost <= _MOST_COST:
            raise InputError(_DAMAGED, cause="the head is not one of ours")
        self._box = _box(passphrase, salt, cost)
        self._next = file.read(PIECE + _TAG)
        self._open = memoryview(b"")
        self._number = 0
        self._is_over = False

    def readable(self) -> bool:
        """Say that it gives bytes."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 (whatever buffer)
        """Give the next bytes; 0 at the end."""
        while not self._open:
            if self._is_over:
                return 0
            self._open = memoryview(self._arrive())
        taken = min(len(buffer), len(self._open))
        buffer[:taken] = self._open[:taken]
        self._open = self._open[taken:]
        return taken

    def _arrive(self) -> bytes:
        piece, self._next = self._next, self._file.read(PIECE + _TAG)
        self._is_over = not self._next
        nonce = _nonce(self._number, is_last=self._is_over)
        try:
            opened = self._box.decrypt(nonce, piece, self._head)
        except InvalidTag as error:
            raise InputError(_WRONG if self._number == 0 else _DAMAGED) from error
        self._number += 1
        return opened


def _box(passphrase: str, salt: bytes, cost: int) -> ChaCha20Poly1305:
    key = Scrypt(salt=salt, length=32, n=cost, r=_BLOCK_SIZE, p=1).derive(passphrase.encode())
    return ChaCha20Poly1305(key)


def _nonce(number: int, *, is_last: bool) -> bytes:
    # A key is a file's own (its salt is), so a number is never used twice with it.
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")
