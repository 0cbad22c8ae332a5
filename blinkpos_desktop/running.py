"""The engine behind an open window: begun, given new settings, made anew, ended."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from blinkpos_desktop.configuring import Configuring, changed
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import TillRestarting
from blinkpos_desktop.domain.options import Effect
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.ui.bridge import Bridge, Services

LOOK_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 20.0
"""How long what is being sent is waited for: cut short it is taken up again, as after a crash."""
_BUSY: Final = ("cancel-", "charge", "check-", "choice-", "edit-item", "forward-", "seen-")
"""The engine's tasks that are let end within that time, by their names."""
_NEVER_CUT: Final = ("save-settings", "take-up-")
_log = logging.getLogger(__name__)

Chores = Mapping[str, Callable[[Engine], Awaitable[None]]]
"""What a till does on the side for as long as it is open, by its task's name."""


class Running:
    """One engine after another. ``is_free`` tells whether no sale is on the screen."""

    def __init__(
        self,
        settings: Settings,
        bridge: Bridge,
        *,
        file: Path | None,
        chores: Chores,
        is_free: Callable[[], bool],
        wear: Callable[[Settings], None],
        network_of: Callable[[Settings], str],
    ) -> None:
        """Begin. Without ``file`` nothing can be set; ``wear`` gives the window new settings."""
        self._settings, self._bridge, self._chores = settings, bridge, chores
        self._is_free, self._wear, self._network_of = is_free, wear, network_of
        self._supervisor = Supervisor(random.SystemRandom().random)
        self._ending: asyncio.Task[None] | None = None
        self._engine = Engine(settings)
        self._configuring = (
            Configuring(
                settings,
                file=file,
                directory=lambda: self._engine.directory,
                take_over=self.take_over,
            )
            if file is not None
            else None
        )
        self._begin()

    def take_over(self, settings: Settings, anew: bool) -> None:  # noqa: FBT001 (keys changed)
        """Bring settings into force: with the next use, or as soon as no sale is on the screen."""
        effects = changed(self._settings, settings)
        self._settings = settings
        self._wear(settings)
        if anew or Effect.CONNECTIONS in effects:
            self._supervisor.replace("restart", self._restart())
        elif effects:
            self._engine.use(settings)

    async def stop(self) -> None:
        """End the engine."""
        await self._supervisor.stop()
        self._bridge.detach()
        if self._ending is not None and not self._ending.done():
            await self._ending
        await self._engine.stop()

    async def _restart(self) -> None:
        """Put another engine in the place of this one, when nobody is in the midst of a sale."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not self._is_free() or self._is_busy(deadline):  # noqa: ASYNC110 (tasks tell nobody)
            await asyncio.sleep(LOOK_SECONDS)
        try:
            fresh = Engine(self._settings)
        except TillError as error:
            _log.error("the till stays as it is: %s", error)
            return
        _log.info("the till connects anew: its settings have changed")
        old, self._engine = self._engine, fresh
        self._bridge.detach()
        self._bridge.tell(TillRestarting(network=self._network_of(self._settings)))
        # A till that is closed meanwhile waits for this end too.
        self._ending = asyncio.create_task(old.stop(), name="old-engine")
        await asyncio.shield(self._ending)
        self._begin()

    def _is_busy(self, deadline: float) -> bool:
        names = self._engine.supervisor.names
        if any(name.startswith(_NEVER_CUT) for name in names):
            return True
        is_late = asyncio.get_running_loop().time() > deadline
        return not is_late and any(name.startswith(_BUSY) for name in names)

    def _begin(self) -> None:
        engine, bridge = self._engine, self._bridge
        # What an engine says while it ends is about connections that are gone.
        engine.feed.listen(lambda fact: bridge.tell(fact) if engine is self._engine else None)
        bridge.attach(
            Services(
                supervisor=engine.supervisor,
                checkout=engine.checkout,
                history=engine.history,
                attention=engine.attention,
                announcing=engine.announcing,
                items=engine.items,
                cancel=engine.cancel,
                check=engine.watcher.check,
                take_up=engine.left_open.take_up,
                examine=engine.upkeep.examine,
                configuring=self._configuring,
            )
        )
        engine.supervisor.keep("till", engine.run)
        for name, chore in self._chores.items():
            engine.supervisor.keep(name, functools.partial(chore, engine))
