"""What a second ``blinkpos run`` on a data folder says, and ends with."""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.operations.exits import Exit
from blinkpos_desktop.operations.tellers import say
from blinkpos_desktop.services.one_till import Met

_ENDS: Final = {
    Met.RAISED: (Exit.GOOD, "The till is open already: its window is in front now."),
    Met.UNRAISED: (
        Exit.GOOD,
        (
            "The till is open already: look for its window, for this desktop (Wayland) lets no "
            "program come to the front by itself."
        ),
    ),
    Met.SILENT: (
        Exit.UNAVAILABLE,
        "The till is open already and does not answer: end it, then start it again.",
    ),
    Met.ANOTHERS: (
        Exit.BAD_INPUT,
        (
            "Another user's till is open on this data folder: set BLINKPOS_DATA_DIR to one of "
            "your own."
        ),
    ),
}


def tell(met: Met) -> int:
    """Say in a sentence what came of knocking at the till that is open; return the exit code."""
    code, sentence = _ENDS[met]
    say(sentence)
    return code
