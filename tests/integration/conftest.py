"""What the services' tests share."""

from __future__ import annotations

import pytest

from blinkpos_desktop.domain import watching
from blinkpos_desktop.services import (
    attention,
    forwarder,
    news,
    reconciling,
    recovery,
    supervisor,
    watcher,
)
from blinkpos_desktop.services.blink import gate, subscription


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pause is short: what takes minutes in a shop takes moments here."""
    for module, name, seconds in (
        (watching, "ON_SCREEN_EVERY", 0),
        (watching, "FIRST_HOUR_EVERY", 0),
        (watching, "LATER_EVERY", 0),
        (watcher, "TICK_SECONDS", 0.05),
        (watcher, "AFTER_FAILURE_SECONDS", 0.05),
        (watcher, "RELOAD_SECONDS", 0.0),
        (watcher, "OTHERS_SECONDS", 0.05),
        (news, "OTHERS_SECONDS", 0.05),
        (forwarder, "OTHERS_SECONDS", 0.05),
        (forwarder, "IN_FLIGHT_SECONDS", 0.05),
        (forwarder, "RESTRICTED_SECONDS", 0.05),
        (recovery, "EVERY_SECONDS", 0.1),
        (recovery, "OTHERS_GRACE_SECONDS", 0.05),
        (reconciling, "SOON_SECONDS", 0.05),
    ):
        monkeypatch.setattr(module, name, seconds)
    for module in (forwarder, gate, subscription, supervisor):
        monkeypatch.setattr(module, "retry_delay", lambda _tries, _jitter: 0.02)


@pytest.fixture
def deaf_but_for_news(hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked for within a test, and no update of Blink's would tell it."""
    del hasty
    for module, name in (
        (watching, "ON_SCREEN_EVERY"),
        (watching, "FIRST_HOUR_EVERY"),
        (recovery, "EVERY_SECONDS"),
        (recovery, "OTHERS_GRACE_SECONDS"),
        (attention, "EVERY_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 3600)
