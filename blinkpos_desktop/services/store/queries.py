"""The SQL of ``sql/queries/*.sql``: named blocks, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from blinkpos_desktop import resources

_BLOCK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


@cache
def load() -> Mapping[str, bytes]:
    """Return every named block of SQL, encoded as psycopg takes it.

    Raises:
        ValueError: two blocks have one name.
    """
    blocks: dict[str, bytes] = {}
    for file in sorted((resources.sql() / "queries").glob("*.sql")):
        for match in _BLOCK.finditer(file.read_text(encoding="utf-8")):
            if match[1] in blocks:
                raise ValueError(f"two queries are named {match[1]}")
            blocks[match[1]] = match[2].strip().encode()
    return blocks
