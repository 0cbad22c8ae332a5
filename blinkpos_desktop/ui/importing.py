"""Python's own import, beside Qt."""

from __future__ import annotations

import builtins


def use_plain_import() -> None:
    """Load PySide6, and take back the import that it puts in the place of Python's.

    PySide6's reads, and keeps, the source of every module that is imported after it, to find out
    whether it may use ``from __feature__ import snake_case``. Nothing here does, and it costs a
    third of the start and 20 MB.
    """
    import PySide6.QtCore  # noqa: F401 (loaded, it has put its own there)

    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
