"""Finds ``assets/`` and ``sql/``: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    for folder in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name}/ is missing: the installation is damaged")


def assets() -> Path:
    """Return the folder with fonts, sounds and icons.

    Raises:
        FileNotFoundError: the installation is damaged.
    """
    return _folder("assets")


def sql() -> Path:
    """Return the folder with migrations and queries.

    Raises:
        FileNotFoundError: the installation is damaged.
    """
    return _folder("sql")
