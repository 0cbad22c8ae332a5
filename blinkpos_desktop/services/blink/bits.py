"""The five-bit groups of an invoice become bits at once.

``bolt11`` makes an object of each group and appends it to all before it: 5 ms of an invoice's 7,
three times a sale and on the screen's own thread.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import bolt11  # noqa: F401 (it makes the module that is changed)
from bitstring import Bits

_SLOW: Final = "u5_to_bitarray"
_DIGITS: Final = tuple(f"{group:05b}" for group in range(32))


def bits_of(groups: Sequence[int]) -> Bits:
    """Return what ``bolt11.bit_utils.u5_to_bitarray`` returns."""
    return Bits(bin="".join([_DIGITS[group] for group in groups]))


def install() -> None:
    """Let ``bolt11`` decode with it; a version that goes another way is left as it is."""
    # The package's function of that name hides the module.
    decoder = sys.modules["bolt11.decode"]
    if hasattr(decoder, _SLOW):
        setattr(decoder, _SLOW, bits_of)
