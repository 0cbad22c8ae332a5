"""What the tabs beside the counter show: made behind the keypad's first painting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from PySide6.QtCore import QObject

from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.ui.viewmodels.attention import Attention
from blinkpos_desktop.ui.viewmodels.health import HealthPanel
from blinkpos_desktop.ui.viewmodels.history import History
from blinkpos_desktop.ui.viewmodels.settings import SettingsModel
from blinkpos_desktop.ui.viewmodels.tips import Tips


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOffice:
    """The tabs' view models."""

    tips: Tips
    attention: Attention
    health: HealthPanel
    history: History
    settings: SettingsModel


def furnish(currency: Currency, zone: tzinfo | None, parent: QObject) -> BackOffice:
    """Return new ones, which go with their parent."""
    attention = Attention(parent=parent)
    attention.zone = zone
    return BackOffice(
        tips=Tips(zone=zone, parent=parent),
        attention=attention,
        health=HealthPanel(parent=parent),
        history=History(currency=currency, zone=zone, parent=parent),
        settings=SettingsModel(parent=parent),
    )
