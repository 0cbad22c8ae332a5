"""Make assets/icons/blinkpos.png from blinkpos.svg, 256 by 256.

python scripts/make_icon.py [PNG]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent.parent / "assets" / "icons"
SIZE = 256


def draw() -> QImage:
    """Draw the icon on nothing."""
    image = QImage(SIZE, SIZE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(ICONS / "blinkpos.svg")).render(painter)
    painter.end()
    return image


def main() -> int:
    """Write it."""
    _application = QGuiApplication.instance() or QGuiApplication([])
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ICONS / "blinkpos.png"
    if not draw().save(str(path)):
        print(f"could not write {path}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
