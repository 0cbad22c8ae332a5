"""Facts, published after they were committed. Listeners are called in the order they came."""

from __future__ import annotations

import logging
from collections.abc import Callable

from blinkpos_desktop.domain.facts import Fact

Listener = Callable[[Fact], None]
_log = logging.getLogger(__name__)


class Feed:
    """Tells every listener every fact, at once and in order; a listener must not block."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; return the function that takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, fact: Fact) -> None:
        """Tell a fact that is already durable."""
        for listener in tuple(self._listeners):
            try:
                listener(fact)
            except Exception:  # noqa: BLE001 (whoever listens must not harm who tells)
                # A screen's bug must not undo or hold up what was committed.
                _log.exception("a listener failed at %s", type(fact).__name__)
