"""The SQL of ``sql/queries/*.sql``: named blocks, read once.

A block ``-- fragment: name`` stands wherever another one says ``{{name}}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from blinkpos_desktop import resources

_BLOCK = re.compile(
    r"^-- (name|fragment): (\w+)\n(.*?)(?=^-- (?:name|fragment): |\Z)", re.MULTILINE | re.DOTALL
)
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@cache
def load() -> Mapping[str, bytes]:
    """Return every named block of SQL, encoded as psycopg takes it.

    Raises:
        ValueError: two blocks have one name.
    """
    found: dict[str, dict[str, str]] = {"name": {}, "fragment": {}}
    for file in sorted((resources.sql() / "queries").glob("*.sql")):
        for match in _BLOCK.finditer(file.read_text(encoding="utf-8")):
            if match[2] in found[match[1]]:
                raise ValueError(f"two blocks of SQL are named {match[2]}")
            found[match[1]][match[2]] = match[3].strip()
    fragments = found["fragment"]
    return {
        name: _PLACE.sub(lambda place: fragments[place[1]], text).encode()
        for name, text in found["name"].items()
    }
