"""Opens the till with its window. Every import here comes before the keypad's first painting.

``tests/house/test_first_paint.py`` holds what must wait until it is on the screen.
"""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING

from blinkpos_desktop import logs
from blinkpos_desktop import settings as settings_module
from blinkpos_desktop.operations.passphrase import unlocked
from blinkpos_desktop.services import one_till

if TYPE_CHECKING:
    from blinkpos_desktop.engine import Engine


def run_till() -> int:
    """Open the till for the person who runs the program; return the exit code."""
    # What is loaded now stays to the end: nothing is looked for that could be thrown away, until
    # the engine is loaded too (till_window.py).
    gc.disable()
    settings = settings_module.load()
    # The window says what is wrong; the shell behind it hears only of what the window can't say.
    logs.set_up(settings, to_stderr=logging.CRITICAL)
    door = one_till.enter(settings.data_dir)
    if isinstance(door, one_till.Met):
        from blinkpos_desktop.operations import second_till

        return second_till.tell(door)
    from blinkpos_desktop.ui.importing import use_plain_import

    use_plain_import()
    from blinkpos_desktop import till_window

    # The one thing before the keypad: a passphrase is typed where the till is started from.
    return till_window.run(
        unlocked(settings),
        file=settings_module.config_file(),
        chores={"daily-backup": _back_up_daily},
        door=door,
    )


async def _back_up_daily(engine: Engine) -> None:
    from blinkpos_desktop.operations import daily_backup

    await daily_backup.run(engine)
