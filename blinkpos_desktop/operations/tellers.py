"""How ``charge`` speaks: JSON lines for programs, plain lines and a QR for people."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.domain.payment import Payment


class JsonTeller:
    """One object a line on stdout, with the ``payment_hash`` once there is one."""

    def tell(self, event: str, payment: Payment | None, **fields: Any) -> None:  # noqa: ANN401 (JSON values)
        """Write one event."""
        line: dict[str, Any] = {"event": event}
        if payment is not None and payment.payment_hash:
            line["payment_hash"] = payment.payment_hash
        print(json.dumps(line | fields), flush=True)  # noqa: T201 (stdout is the interface)


class PlainTeller:
    """Plain sentences on stdout."""

    def tell(self, event: str, payment: Payment | None, **fields: Any) -> None:  # noqa: ANN401 (JSON values)
        """Write one event."""
        text = _plain(event, payment, fields)
        if text:
            print(text, flush=True)  # noqa: T201 (stdout is the interface)


def _plain(event: str, payment: Payment | None, fields: dict[str, Any]) -> str:
    match event:
        case "invoice":
            assert payment is not None
            request = str(fields["payment_request"])
            asked = f"Please pay {format_sats(payment.total_sats)}: {payment.memo}"
            return f"{asked}\n{_qr(request)}\n{request}"
        case "paid":
            return f"Paid: {format_sats(int(fields['received_sats']))}."
        case "transfer":
            to = fields["recipient"] or "the collecting wallet"
            reason = f" ({fields['reason']})" if "reason" in fields else ""
            return f"{format_sats(int(fields['sats']))} to {to}: {fields['status']}{reason}"
        case "completed":
            return "Completed."
        case "expired":
            return "The invoice expired unpaid."
        case "cancelled":
            return "Cancelled before it was paid."
        case _:
            return ""  # a failure's sentence is on stderr


def _qr(payment_request: str) -> str:
    """Return the QR as text, uppercase for a smaller code."""
    import qrcode

    code = qrcode.QRCode(border=2)
    code.add_data(payment_request.upper())
    out = io.StringIO()
    code.print_ascii(out=out, invert=sys.stdout.isatty())
    return out.getvalue()
