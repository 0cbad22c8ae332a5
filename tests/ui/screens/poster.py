"""``python -m tests.ui.screens.poster``: the README's picture, one sale from keypad to green."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LC_ALL"] = "C.UTF-8"

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from blinkpos_desktop.domain.appearance import Appearance, Look
from blinkpos_desktop.domain.facts import PriceChanged, TransferChanged
from blinkpos_desktop.domain.money import Price
from blinkpos_desktop.domain.transfer import TransferState
from tests.ui.fakes import USD
from tests.ui.screens import on_stage, shelf
from tests.ui.screens.stage import Stage

PICTURE: Final = Path("docs/images/till.png")
TILE: Final = QSize(1024, 768)
SHOWN: Final = QSize(864, 648)
GAP: Final = 16
GROUND: Final = "#20262E"


def typed() -> Stage:
    """An amount, at the price that the stage's sales are made at: nine sats a cent."""
    stage = Stage(currency=USD).ready().type("12.50")
    as_of = time.time() - 20
    price = Price(currency=USD, base=111_111_111_111, offset=12, as_of=int(as_of))
    stage.tell(PriceChanged(price=price, since=as_of, is_sure=True))
    return stage


def invoice() -> Stage:
    stage = typed()
    stage.invoice()
    return stage


def passed_on() -> Stage:
    """The same sale a moment later: paid, and its parts where they belong."""
    stage = typed()
    payment = stage.paid()
    for each in payment.transfers:
        settled = replace(each, state=TransferState.SETTLED)
        stage.tell(
            TransferChanged(
                payment_id=payment.id, payment_hash=payment.payment_hash, transfer=settled
            )
        )
    return stage


def main() -> int:
    """Take the four pictures, and put them side by side."""
    app = QApplication(sys.argv[:1])
    whole = QSize(2 * SHOWN.width() + 3 * GAP, 2 * SHOWN.height() + 3 * GAP)
    poster = QImage(whole, QImage.Format.Format_RGB32)
    poster.fill(QColor(GROUND))
    painter = QPainter(poster)
    shots = (
        (typed, Look.DARK),
        (shelf.items_cart, Look.LIGHT),
        (invoice, Look.DARK),
        (passed_on, Look.DARK),
    )
    for at, (make, look) in enumerate(shots):
        stage = on_stage(make, TILE, appearance=Appearance(look=look))
        picture = stage.window.grab().toImage()
        mode = Qt.TransformationMode.SmoothTransformation
        picture = picture.scaled(SHOWN, Qt.AspectRatioMode.KeepAspectRatio, mode)
        left = GAP + at % 2 * (SHOWN.width() + GAP)
        painter.drawImage(QPoint(left, GAP + at // 2 * (SHOWN.height() + GAP)), picture)
        stage.window.close()
        stage.window.deleteLater()
    painter.end()
    poster.save(str(PICTURE))
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
