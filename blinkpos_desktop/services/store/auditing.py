"""The audit in PostgreSQL: one snapshot of the ledger, proven by the database itself."""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.domain.audit import Audit, Finding, Rule, Surplus
from blinkpos_desktop.services.store.connections import Connections

SECONDS: Final = 600.0
"""All of a shop's history is read: years of it take longer than any one sale's query."""


async def audit(connections: Connections) -> Audit:
    """Prove the books over all history.

    Raises:
        UnavailableError: the database can't be reached.
    """
    async with connections.transaction(SECONDS) as transaction:
        await transaction.run("audit_snapshot")
        [totals] = await transaction.rows("audit_totals")
        findings = await transaction.rows("audit_findings")
        findings += await transaction.rows("audit_sums")
        surpluses = await transaction.rows("audit_surpluses")
    return Audit(
        **totals,
        findings=tuple(Finding(**{**row, "rule": Rule(row["rule"])}) for row in findings),
        surpluses=tuple(Surplus(**row) for row in surpluses),
    )
