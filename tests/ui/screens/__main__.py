"""``python -m tests.ui.screens [STATE …]``: pictures of all states, or of some."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LC_ALL"] = "C.UTF-8"

from tests.ui.screens.camera import main

sys.exit(main(sys.argv[1:]))
