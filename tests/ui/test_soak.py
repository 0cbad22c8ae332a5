"""For weeks: no reference of a singleton may wear away as the loop turns, and nothing stays behind.

With PySide6 6.12 on Python 3.11 every timer event dropped one reference to
``None``, and the process aborted after some 8,000 turns.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

import shiboken6
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from blinkpos_desktop.ui.widgets.page import clear

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


def test_what_is_cleared_out_of_a_layout_is_deleted(qapp: QApplication) -> None:
    """PySide6 leaves the items to nobody: seven stayed of each sale."""
    del qapp
    holder, kept = QWidget(), QLabel("kept")
    column = QVBoxLayout(holder)
    column.addWidget(QLabel("gone"))
    column.addWidget(kept)
    column.addStretch(1)
    items = [column.itemAt(number) for number in range(3)]
    clear(column, but=kept)
    assert [shiboken6.isValid(item) for item in items] == [False] * 3
    assert column.count() == 0
    assert shiboken6.isValid(kept)
    assert not kept.isHidden()
