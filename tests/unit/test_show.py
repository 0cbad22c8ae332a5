"""What `blinkpos show` takes for a number or a hash."""

from __future__ import annotations

import pytest

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.operations.show import parse_key


def test_a_hash_or_a_number() -> None:
    assert parse_key(" 0012 ") == 12
    assert parse_key("AB" * 32) == "ab" * 32
    # Digits alone make a hash too, if they are as many.
    assert parse_key("1" * 64) == "1" * 64


@pytest.mark.parametrize("text", ["", "-1", "1.5", "f" * 63, "f" * 65, "lnbc1", "٣", "1" * 19])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="neither a number nor a hash"):
        parse_key(text)
