"""An invoice's bits are those of its library's own slow way, and that way is replaced."""

from __future__ import annotations

import sys
from importlib import import_module

from bolt11.bit_utils import u5_to_bitarray
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.services.blink import bits


@given(st.lists(st.integers(0, 31), max_size=40))
def test_the_bits_are_the_same(groups: list[int]) -> None:
    assert bits.bits_of(groups) == u5_to_bitarray(groups)


def test_invoices_are_decoded_with_it() -> None:
    import_module("blinkpos_desktop.services.blink.invoices")
    assert vars(sys.modules["bolt11.decode"])["u5_to_bitarray"] is bits.bits_of
