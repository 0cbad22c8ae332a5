"""Qt's modules room by room, which import-linter can't tell apart."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "blinkpos_desktop"
QT = {"PySide6", "shiboken6", "qasync"}

# Room (a folder or a file of the package) → Qt's modules that it may import.
ROOMS = {
    "domain": set(),
    "operations": set(),
    "services": set(),
    "simulator": set(),
    "resources.py": set(),
    "settings.py": set(),
    "ui/bridge.py": {"PySide6.QtCore"},
    "ui/viewmodels": {"PySide6.QtCore"},
}


def qt_modules(source: str) -> set[str]:
    """Every module of Qt that this source imports, at its top, in functions or for types."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            if node.module == "PySide6":
                found |= {f"PySide6.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return {name for name in found if name.split(".")[0] in QT}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_the_qt_that_it_may_and_no_more(room: str) -> None:
    path = PACKAGE / room
    files = [path] if path.suffix else sorted(path.rglob("*.py"))
    for file in files:
        if file.exists():
            beyond = qt_modules(file.read_text(encoding="utf-8")) - ROOMS[room]
            assert not beyond, f"{file.relative_to(PACKAGE)} imports {sorted(beyond)}"


def test_imports_are_seen_wherever_they_stand() -> None:
    source = """
import PySide6.QtGui as gui
from PySide6 import QtCore, QtSvg
def late():
    from PySide6.QtWidgets import QLabel
    import qasync, os
from .PySide6 import nothing
"""
    assert qt_modules(source) == {
        "PySide6.QtGui",
        "PySide6.QtCore",
        "PySide6.QtSvg",
        "PySide6.QtWidgets",
        "qasync",
    }
