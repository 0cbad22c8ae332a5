"""The GraphQL documents that the till sends: files, so that a test can check each one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"


@cache
def document(name: str) -> str:
    """Return the text of ``documents/<name>.graphql``."""
    return (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
