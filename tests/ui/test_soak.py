"""Qt's loop under asyncio turns and turns: no reference of a singleton may wear away.

With PySide6 6.12 on Python 3.11 every timer event dropped one reference to
``None``, and the process aborted after some 8,000 turns.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from PySide6.QtWidgets import QApplication

TURNS: Final = 20_000
IMMORTAL: Final = sys.version_info >= (3, 12)
"""From 3.12 on, None has no count that could wear away; the turns are made all the same."""


def test_the_loop_turns_20000_times_without_wearing_away_none(qapp: QApplication) -> None:
    os.environ["QT_API"] = "pyside6"
    import qasync

    turns = 0

    async def turn() -> int:
        nonlocal turns
        before = sys.getrefcount(None)
        while turns < TURNS:
            await asyncio.sleep(0)
            turns += 1
        return sys.getrefcount(None) - before

    with qasync.QEventLoop(qapp) as loop:
        worn = loop.run_until_complete(turn())
    assert turns == TURNS
    # Caches come and go by the dozen; a reference a turn would be minus twenty thousand.
    assert IMMORTAL or abs(worn) < TURNS // 20
