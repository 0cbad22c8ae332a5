"""How ``charge`` speaks: JSON lines for programs, plain lines and a QR for people."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from typing import Any, Final

from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.domain.payment import Payment

_SENTENCES: Final = {
    "completed": "Completed.",
    "expired": "The invoice expired unpaid.",
    "cancelled": "Cancelled before it was paid.",
}


class JsonTeller:
    """One object a line on stdout, with the ``payment_hash`` once there is one.

    ``is_gone`` says that nobody reads any more; what is told then is lost.
    """

    def __init__(self) -> None:
        """Start with somebody reading."""
        self.is_gone = False

    def tell(self, event: str, payment: Payment | None, **fields: Any) -> None:  # noqa: ANN401 (JSON values)
        """Write one event."""
        line: dict[str, Any] = {"event": event}
        if payment is not None and payment.payment_hash:
            line["payment_hash"] = payment.payment_hash
        self.is_gone |= not write(json.dumps(line | fields))


class PlainTeller:
    """Plain sentences on stdout. ``is_gone`` as for JSON."""

    def __init__(self) -> None:
        """Start with somebody reading, in whatever his terminal can show."""
        self.is_gone = False
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")

    def tell(self, event: str, payment: Payment | None, **fields: Any) -> None:  # noqa: ANN401 (JSON values)
        """Write one event."""
        text = _plain(event, payment, fields)
        if text:
            self.is_gone |= not write(text)


def say(sentence: str) -> None:
    """Say a sentence to the person at the terminal: on stderr, beside what is told."""
    # print() takes a stderr that was closed for stdout, which belongs to the events.
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"blinkpos: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 (a person's sentence)


def write(text: str) -> bool:
    """Write a line to stdout; return whether somebody takes it."""
    try:
        print(text, flush=True)  # noqa: T201 (stdout is the interface)
    except (OSError, ValueError):
        _let_go()
        return False
    return True


def _let_go() -> None:
    """Give what is still in stdout's buffer to nobody, or it fails again at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


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
        case _:
            return _SENTENCES.get(event, "")  # a failure's sentence is on stderr


def _qr(payment_request: str) -> str:
    """Return the QR as text, uppercase for a smaller code."""
    import qrcode

    code = qrcode.QRCode(border=4)
    code.add_data(payment_request.upper())
    out = io.StringIO()
    code.print_ascii(out=out, invert=sys.stdout.isatty())
    return out.getvalue()
