"""``make demo``'s program: a whole sale on the real till, as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from blinkpos_desktop.demo.eyes import is_green, read_qr
from blinkpos_desktop.demo.story import DemoError

STEPS = (
    "21 sats typed",
    "10 % tip chosen",
    "invoice made",
    "QR on screen",
    "the customer has read the QR from the screen's pixels",
    "customer paid",
    "payment detected",
    "green on screen",
    "21 sats to the merchant",
    "2 sats to elturco",
    "completed",
)
PICTURES = ("keypad", "amount", "tip", "invoice", "green", "paid", "tips", "keypad-again")


def test_the_demo_sells_decodes_pays_and_checks_the_ledger(tmp_path: Path) -> None:
    # What the person who runs it has set must not reach it: it would fail on each of these.
    theirs = {
        "BLINKPOS_API_KEY": "not a key at all",
        "BLINKPOS_API_URL": "http://127.0.0.1:9/graphql",
        "BLINKPOS_DATABASE_URL": "postgresql://127.0.0.1:9/none",
        "BLINKPOS_CURRENCY": "%%%",
        "BLINKPOS_DATA_DIR": str(tmp_path / "theirs"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "blinkpos_desktop", "demo", "--headless"],
        cwd=tmp_path,
        env=os.environ | theirs | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    told = re.findall(r"^ *\d+ ms  (.*)$", done.stdout, flags=re.MULTILINE)
    # The two transfers take turns at the wallet, in either order.
    assert sorted(told[1:]) == sorted(STEPS)
    assert (told[1:9], told[-1]) == (list(STEPS[:8]), STEPS[-1])
    assert "ledger agrees: cafe 21 sats, elturco 2 sats, till 0 sats" in done.stdout
    pictures = tmp_path / "build" / "screens" / "demo"
    names = sorted(path.stem.partition("-")[2] for path in pictures.glob("*.png"))
    assert names == sorted(PICTURES)
    assert not (tmp_path / "theirs").exists()


def test_a_screen_without_a_code_is_not_read() -> None:
    blank = QImage(400, 400, QImage.Format.Format_RGB32)
    blank.fill(QColor("white"))
    with pytest.raises(DemoError):
        read_qr(blank)


@pytest.mark.parametrize(("colour", "expected"), [("#0a7f3f", True), ("#0d1014", False)])
def test_green_is_told_from_other_colours(colour: str, expected: bool) -> None:  # noqa: FBT001
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    assert is_green(image) is expected
