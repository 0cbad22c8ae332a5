"""Sounds, font and icon: our own or free, and what the screens need."""

from __future__ import annotations

import array
import importlib.util
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QFontDatabase, QGuiApplication, QImage, QRawFont

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
SIGNS = "0123456789₿$€£¥₩₫₦₹₺₴₱₡₢₲₵₸₪₽₭₮₾฿⌫✓✗←→↑↓·…–×≈"  # noqa: RUF001 - the very signs
MINUS_3_DB = 32_767 * 10 ** (-3 / 20)


def samples(path: Path) -> array.array[int]:
    with wave.open(str(path), "rb") as file:
        assert file.getparams()[:3] == (1, 2, 44_100)
        result = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        result.byteswap()
    return result


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    script = ROOT / "scripts" / "make_sounds.py"
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("name", "seconds"), [("click", (0.01, 0.03)), ("success", (0.7, 1.2)), ("error", (0.3, 0.5))]
)
def test_a_sound_is_what_its_script_makes(
    made: Path, name: str, seconds: tuple[float, float]
) -> None:
    kept = samples(ASSETS / "sounds" / f"{name}.wav")
    fresh = samples(made / f"{name}.wav")
    assert len(kept) == len(fresh)
    # A last bit may differ where the platform's sine does.
    assert max(abs(a - b) for a, b in zip(kept, fresh, strict=True)) <= 1
    assert seconds[0] <= len(kept) / 44_100 <= seconds[1]
    assert kept[0] == kept[-1] == 0
    assert MINUS_3_DB / 2 < max(abs(value) for value in kept) < MINUS_3_DB


@pytest.mark.parametrize("style", ["Regular", "Medium", "SemiBold", "Bold"])
def test_the_font_has_every_sign_of_the_screens(style: str, qapp: QGuiApplication) -> None:
    assert qapp is not None
    path = ASSETS / "fonts" / f"Inter-{style}.otf"
    font = QRawFont(str(path), 20.0)
    assert font.isValid()
    assert font.familyName() == "Inter"
    assert [sign for sign in SIGNS if not font.supportsCharacter(ord(sign))] == []
    number = QFontDatabase.addApplicationFont(str(path))
    try:
        assert "Inter" in QFontDatabase.applicationFontFamilies(number)
    finally:
        QFontDatabase.removeApplicationFont(number)


def test_the_font_comes_with_its_licence_and_is_small() -> None:
    fonts = ASSETS / "fonts"
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in fonts.iterdir()) < 1_200_000


def channels(image: QImage, x: int, y: int) -> tuple[int, int, int, int]:
    color = image.pixelColor(x, y)
    return color.red(), color.green(), color.blue(), color.alpha()


@pytest.fixture(name="make_icon")
def _make_icon() -> Iterator[ModuleType]:
    platform = os.environ.get("QT_QPA_PLATFORM")
    path = ROOT / "scripts" / "make_icon.py"
    spec = importlib.util.spec_from_file_location("_make_icon_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    if platform is None:
        os.environ.pop("QT_QPA_PLATFORM", None)


def test_the_icon_is_drawn_from_its_svg(make_icon: ModuleType, qapp: QGuiApplication) -> None:
    assert qapp is not None
    kept = QImage(str(ASSETS / "icons" / "blinkpos.png"))
    fresh: QImage = make_icon.draw()
    assert (kept.width(), kept.height()) == (256, 256)
    assert kept.pixelColor(0, 0).alpha() == 0
    for x in range(4, 256, 12):
        for y in range(4, 256, 12):
            pairs = zip(channels(kept, x, y), channels(fresh, x, y), strict=True)
            assert max(abs(a - b) for a, b in pairs) <= 12, (x, y)
