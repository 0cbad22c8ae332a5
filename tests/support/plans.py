"""How PostgreSQL would carry out the program's named queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from blinkpos_desktop import resources
from blinkpos_desktop.services.store import queries

BIG: Final = frozenset(
    {"payments", "transfers", "recipient_invoices", "events", "sale_sums", "tip_sums"}
)
"""Tables that grow with every sale."""


def _names_in(*files: str) -> set[str]:
    folder = resources.sql() / "queries"
    text = "".join((folder / file).read_text(encoding="utf-8") for file in files)
    return set(re.findall(r"^-- name: (\w+)", text, re.MULTILINE))


WHOLE: Final = frozenset(
    {
        # Owners' commands for a whole ledger read all of it on purpose.
        *_names_in("audit.sql", "whole.sql", "imports.sql"),
        # A hold is placed and freed when a newer copy of the ledger has acted: hardly ever.
        *("place_hold", "leap_attempts"),
    }
)
"""Queries that no till asks, and no owner in a day's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A query's plan; ``blocks`` (of 8 kB) is what it read, ``None`` where it writes."""

    query: str
    nodes: tuple[dict[str, Any], ...]
    blocks: int | None

    @property
    def scanned(self) -> list[str]:
        """The big tables that are read from one end to the other."""
        return [
            f"{node['Node Type']} of {node.get('Index Name', node['Relation Name'])}"
            for node in self.nodes
            if node.get("Relation Name") in BIG
            and (node["Node Type"] == "Seq Scan" or self._is_unbounded(node))
        ]

    def _is_unbounded(self, node: dict[str, Any]) -> bool:
        """Whether an index is read whole: neither a condition, nor few rows, nor a page's limit."""
        return (
            node["Node Type"] in {"Index Scan", "Index Only Scan"}
            and "Index Cond" not in node
            and node["Index Name"] not in FEW_ROWS
            and not any(each["Node Type"] == "Limit" for each in self.nodes)
        )


FEW_ROWS: Final = frozenset(
    {
        "payments_open",
        "payments_unfinished",
        "payments_active",
        "payments_unseen",
        "payments_surplus",
        "transfers_attention",
        "transfers_restricted",
        "transfers_owed",
        "transfers_carried",
        "recipient_invoices_watched",
        "recipient_invoices_found",
    }
)
"""Indexes of the few rows with which something is still to be done."""


def plans(
    connection: psycopg.Connection[Any],
    values: Mapping[str, Any],
    own: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Iterator[Plan]:
    """Explain every named query with ``values``, by its parameters' names, and with its ``own``.

    What only reads is carried out as well.
    """
    for query, statement in queries.load().items():
        if query not in WHOLE:
            for each in own.get(query, [{}]):
                yield _explain(connection, query, statement, {**values, **each})


def _explain(
    connection: psycopg.Connection[Any], query: str, statement: bytes, values: Mapping[str, Any]
) -> Plan:
    bare = re.sub(rb"^--.*\n", b"", statement, flags=re.MULTILINE)
    reads = not re.search(rb"\b(INSERT INTO|UPDATE|DELETE FROM)\s", bare)
    options = b"ANALYZE, BUFFERS, " if reads else b""
    row = connection.execute(b"EXPLAIN (" + options + b"FORMAT JSON) " + bare, values).fetchone()
    connection.rollback()
    assert row is not None
    top = row[0][0]["Plan"]
    blocks = top["Shared Hit Blocks"] + top["Shared Read Blocks"] if options else None
    return Plan(query=query, nodes=tuple(_nodes(top)), blocks=blocks)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from _nodes(each)
