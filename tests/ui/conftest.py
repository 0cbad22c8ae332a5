"""What every test of the screens has: the checkout on the path, and silence from Qt."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def qt_is_silent(qapp: QApplication) -> Iterator[None]:
    """Fail the test if Qt prints a warning."""
    del qapp
    said: list[str] = []

    def note(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
        del context
        # The offscreen platform has no way to ask a window manager for its sizes.
        if kind is not QtMsgType.QtDebugMsg and "propagateSizeHints" not in (message or ""):
            said.append(f"{kind.name}: {message}")

    before = qInstallMessageHandler(note)
    yield
    qInstallMessageHandler(before)
    assert said == []
