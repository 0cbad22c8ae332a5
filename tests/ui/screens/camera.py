"""The camera: pictures of the states at four sizes, in every dress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QApplication

from blinkpos_desktop.domain.appearance import Appearance, Look
from tests.ui.screens import STATES
from tests.ui.screens.stage import SIZES, Stage, on_stage

FOLDER: Final = Path("build/screens")

DRESSES: Final = {
    "dark": Appearance(look=Look.DARK),
    "light": Appearance(look=Look.LIGHT),
    "text150": Appearance(look=Look.DARK, text_scale=150),
}
MORE: Final = {
    "contrast": Appearance(look=Look.CONTRAST),
    "text200": Appearance(look=Look.LIGHT, text_scale=200),
}
"""For a handful of states only, or for those that are asked for."""
HANDFUL: Final = frozenset(
    {
        "empty",
        "typing",
        "items_cart",
        "items_editor",
        "cart_discounts",
        "tip",
        "invoice",
        "success",
        "notices",
        "history",
        "tips",
        "attention",
        "health_trouble",
    }
)


def take(make: Callable[[], Stage], size: QSize, dress: str) -> Path:
    """Save a state's picture, and tell where."""
    stage = on_stage(make, size, appearance=(DRESSES | MORE)[dress])
    path = FOLDER / f"{make.__name__}-{size.width()}x{size.height()}-{dress}.png"
    stage.window.grab().save(str(path))
    stage.window.close()
    stage.window.deleteLater()
    # No event loop runs here that would do it: a thousand windows stayed, in five gigabytes.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return path


def main(wanted: list[str]) -> int:
    """Take all pictures, or those of some states; tell how many there are, and where."""
    app = QApplication(sys.argv[:1])
    FOLDER.mkdir(parents=True, exist_ok=True)
    count = 0
    for make in STATES:
        name = make.__name__
        if wanted and name not in wanted:
            continue
        is_one_of_few = name in HANDFUL or name in wanted
        for dress in DRESSES | MORE if is_one_of_few else DRESSES:
            for size in SIZES:
                take(make, size, dress)
                count += 1
    del app
    sys.stdout.write(f"{count} pictures in {FOLDER}\n")
    return 0
