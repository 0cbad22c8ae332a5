"""Every screen in every state, on a stage. Who looks for a state finds it by its page's file.

`make screenshots` (``camera.py``) takes a picture of each, ``test_geometry.py`` measures each. A
state is a function without arguments that returns a :class:`Stage`; it is in its file's STATES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.ui.screens import (
    attention,
    beside,
    cart,
    health,
    history,
    keypad,
    recall,
    sale,
    selling,
    settings,
    shelf,
    tips,
)
from tests.ui.screens.stage import SIZES, Stage, on_stage

__all__ = ["SIZES", "STATES", "Stage", "on_stage"]

# Another page's states come in by one more line here.
STATES: Final[tuple[Callable[[], Stage], ...]] = (
    *keypad.STATES,
    *beside.STATES,
    *shelf.STATES,
    *cart.STATES,
    *recall.STATES,
    *sale.STATES,
    *selling.STATES,
    *history.STATES,
    *tips.STATES,
    *attention.STATES,
    *health.STATES,
    *settings.STATES,
)
