"""The customer's phone: a small window that shows open invoices, each with a Pay button."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.simulator.client import ControlClient, ControlError
from blinkpos_desktop.ui.main_window import MainWindow

LOOK_EVERY: Final = 0.3
_log = logging.getLogger(__name__)
_STYLE: Final = """
#phone { background: #f4f5f2; }
#phone QLabel { color: #1c211e; font-size: 15px; }
#phone QLabel#title { font-size: 20px; font-weight: 600; }
#phone QLabel#quiet { color: #5b635e; }
#phone QPushButton { background: #10693f; color: white; border: 0; border-radius: 12px;
    min-height: 52px; min-width: 92px; font-size: 17px; font-weight: 600; }
#phone QPushButton:pressed { background: #0b4f2f; }
#phone QPushButton:disabled { background: #9aa39d; }
"""


class Phone(QWidget):
    """Shows what can be paid.

    Signals:
        pay_wanted: a payment request.
    """

    pay_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("phone")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Customer's phone")
        self.setStyleSheet(_STYLE)
        self.setFixedSize(340, 560)
        self._rows: dict[str, QWidget] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 24, 20, 24)
        self._column.setSpacing(16)
        title = QLabel("Customer's phone")
        title.setObjectName("title")
        self._empty = QLabel("Nothing to pay yet: type an amount on the till and press OK.")
        self._empty.setObjectName("quiet")
        self._empty.setWordWrap(True)
        self._column.addWidget(title)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)

    def show_invoices(self, invoices: list[dict[str, Any]]) -> None:
        """Show these and no others."""
        wanted = {invoice["payment_request"]: invoice for invoice in invoices}
        for request in tuple(self._rows):
            if request not in wanted:
                row = self._rows.pop(request)
                self._column.removeWidget(row)
                row.deleteLater()
        for request, invoice in wanted.items():
            if request not in self._rows:
                self._rows[request] = self._row(request, invoice)
                self._column.insertWidget(self._column.count() - 1, self._rows[request])
        self._empty.setVisible(not wanted)

    def _row(self, request: str, invoice: dict[str, Any]) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        asked = format_sats(int(invoice["sats"]))
        text = QLabel(f"{asked}\n{invoice['memo'] or ''}")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        pay = QPushButton("Pay")
        pay.setAccessibleName(f"Pay {asked}")
        pay.clicked.connect(lambda: self._pay(pay, request))
        line.addWidget(text, 1)
        line.addWidget(pay)
        return row

    def _pay(self, button: QPushButton, request: str) -> None:
        button.setEnabled(False)
        self.pay_wanted.emit(request)


async def accompany(window: MainWindow, control: ControlClient) -> int:
    """Show the phone beside the till, and pay what is tapped, until cancelled."""
    phone = Phone()
    requests: asyncio.Queue[str] = asyncio.Queue()
    phone.pay_wanted.connect(requests.put_nowait)
    corner = window.frameGeometry().topRight()
    phone.move(corner.x() + 24, corner.y())
    phone.show()
    try:
        while True:
            open_ones = await asyncio.to_thread(control.invoices, owner="till", status="open")
            phone.show_invoices(open_ones)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    request = await requests.get()
            except TimeoutError:
                continue
            try:
                await asyncio.to_thread(control.pay, request)
            except ControlError as error:
                # Expired or cancelled while the finger was on its way.
                _log.info("the phone could not pay: %s", error)
    finally:
        phone.close()
        phone.deleteLater()
