"""Moments on the screens are by the shop's clock, whatever the machine's is."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.facts import AttentionChanged, LastSaleLoaded, PaymentPaid
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.ui.assembly import wear
from blinkpos_desktop.ui.viewmodels.times import moment_text
from tests.ui.fakes import payment_for, sale_of, waiting
from tests.ui.screens.stage import SIZES, Stage, settle

KATHMANDU, NEW_YORK = ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")
AT = 1_760_963_696


def test_a_moment_has_its_date_unless_it_is_today() -> None:
    assert moment_text(AT, KATHMANDU).endswith(", 18:19")
    assert moment_text(AT, NEW_YORK) == "20 Oct 2025, 08:34"
    assert len(moment_text(time.time(), KATHMANDU)) == len("18:19")


def test_every_page_tells_the_shops_time(qtbot: QtBot, tmp_path: Path) -> None:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    settings = Settings(
        api_url="", ws_url="", data_dir=tmp_path, state_dir=tmp_path, timezone=KATHMANDU
    )
    wear(stage.window, settings)
    item, paid = waiting(1), payment_for(sale_of(), number=7, paid_at=AT, till="bar")
    paid = replace(paid, state=PaymentState.PAID)
    stage.tell(AttentionChanged(items=(item,)), PaymentPaid(payment=paid))
    stage.last_sale.open()
    stage.tell(LastSaleLoaded(sale=LastSale(payment=paid, cart=Cart(currency=SATS))))
    stage.window.resize(SIZES[1])
    stage.window.show()
    settle()
    told = " ".join(_texts(stage.window))
    assert f"Paid at {moment_text(AT, KATHMANDU)}" in told
    stage.last_sale.close()
    settle()
    assert f"paid at {moment_text(AT, KATHMANDU)}, bar" in " ".join(_texts(stage.window))
    stage.window.open_attention()
    assert moment_text(item.paid_at, KATHMANDU) in _texts(stage.window)


def _texts(window: QWidget) -> list[str]:
    return [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
