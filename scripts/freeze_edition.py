"""Freezes the program without its screens as it is at a commit, for tests/e2e/test_old_edition.py.

    python scripts/freeze_edition.py v0.1.0

Run it for the last release before a new migration: its till must go on selling
while a new one migrates the database that they share.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "fixtures" / "editions"
LEFT_OUT = re.compile(r"blinkpos_desktop/(ui|simulator|demo|till_window)\b.*")


def main(ref: str) -> None:
    """Write the edition of a commit, named by the newest migration that it knows."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", ref, "blinkpos_desktop", "sql"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as whole:
        names = [each.name for each in whole]
        version = max(
            int(match[1]) for name in names if (match := re.match(r"sql/migrations/(\d+)_", name))
        )
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"schema_{version:04}.tar.xz"
        with tarfile.open(path, "w:xz") as edition:
            for member in whole:
                if member.isfile() and not LEFT_OUT.fullmatch(member.name):
                    plain = tarfile.TarInfo(member.name)
                    plain.size = member.size
                    edition.addfile(plain, whole.extractfile(member))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
