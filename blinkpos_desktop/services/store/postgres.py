"""The ledger in PostgreSQL: each change of state is compare-and-set with its event, in a commit."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from blinkpos_desktop.domain.attention import (
    CARRIED_OUT,
    AttentionItem,
    Choice,
    Remedy,
    RetiredInvoice,
    WaitingChoice,
    at_once,
    wish,
)
from blinkpos_desktop.domain.errors import RefusedError, SettingsError, TillError, UnavailableError
from blinkpos_desktop.domain.money import round_half_up
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState, reason_for, sources
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import (
    NEED_NO_INVOICE,
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
    apply,
)
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.store import migrations, queries, rows
from blinkpos_desktop.services.store.turns import SharedTurns

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 8.0
"""Any one transaction, the wait for locks included; a server silent for longer is away."""
CHECK_SECONDS: Final = 2.0
MIGRATE_SECONDS: Final = 120.0
POOL_SIZE: Final = 4
AWAY: Final = "The database can't be reached: nothing can be sold until it is back."
REFUSES: Final = "The database refuses this change: nothing was written."
_PASSING: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # A server that is another's standby for a while.
    psycopg.errors.ReadOnlySqlTransaction,
)

_Connection = psycopg.AsyncConnection[DictRow]
_R = TypeVar("_R")


class LedgerError(TillError):
    """The database refuses what was to be written: a bug, or a right that is missing."""


class LedgerRowMissingError(TillError):
    """The ledger has no such row."""


class Transaction:
    """Named queries in one transaction, which commits when its block ends well."""

    def __init__(
        self, connection: _Connection, sql: Mapping[str, bytes], process: UUID, till: str
    ) -> None:
        """Take the connection; every query may name the ``process`` and the ``till``."""
        self._connection, self._sql = connection, sql
        self._who = {"process": process, "till": till}

    async def rows(self, query: str, **values: object) -> list[DictRow]:
        """Return the rows of a query."""
        cursor = await self._connection.execute(self._sql[query], {**self._who, **values})
        return await cursor.fetchall()

    async def run(self, query: str, **values: object) -> int:
        """Run a query that returns no rows; return how many it changed."""
        cursor = await self._connection.execute(self._sql[query], {**self._who, **values})
        return cursor.rowcount


class PostgresStore:
    """The ledger's tables. ``process`` owns its claims; ``till`` is a label on events."""

    def __init__(self, conninfo: str, *, process: UUID, till: str) -> None:
        """Keep what is needed to connect; nothing is opened yet."""
        self._process, self._till = process, till
        self._sql, self._conninfo = queries.load(), conninfo
        self.turns = SharedTurns(self._connection, process)
        self._pool: AsyncConnectionPool[_Connection] = AsyncConnectionPool(
            conninfo,
            connection_class=_Connection,
            kwargs={
                "row_factory": dict_row,
                "connect_timeout": CONNECT_SECONDS,
                "application_name": "blinkpos",
                # Prepared statements do not survive pgbouncer's transaction mode.
                "prepare_threshold": None,
            },
            min_size=1,
            max_size=POOL_SIZE,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            open=False,
            name="ledger",
            check=_check,
        )

    async def open(self) -> None:
        """Connect and migrate.

        Raises:
            UnavailableError: the database can't be reached.
            SettingsError: it is newer than the program, or can't be used by it.
        """
        try:
            psycopg.conninfo.conninfo_to_dict(self._conninfo)
        except psycopg.Error:
            # Its message can repeat the password.
            raise SettingsError(
                "BLINKPOS_DATABASE_URL can't be read: it is like postgresql://user@host/name."
            ) from None
        await self._pool.open()
        try:
            async with self._connection(seconds=MIGRATE_SECONDS) as connection:
                await migrations.migrate(connection)
        except LedgerError as error:
            raise SettingsError(
                "The database does not let this program make its tables.", cause=error.cause
            ) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=CHECK_SECONDS)

    async def ping(self) -> None:
        """Ask for nothing; raises ``UnavailableError`` when it is away."""
        async with self._connection() as connection:
            await connection.execute("SELECT 1")

    async def bind_network(self, network: str) -> None:
        """Tie the database to a network, once.

        Raises:
            SettingsError: it belongs to another.
        """
        async with self._connection() as connection:
            await self._run(connection, "bind_network", network=network)
            row = await self._one(connection, "ledger")
        if row["network"] != network:
            raise SettingsError(
                f"This database belongs to {row['network']} and the key to {network}: "
                "use another data folder or database."
            )

    async def intend(self, plan: PaymentPlan) -> Payment:
        """Write a payment, its transfers and its first event in one transaction."""
        async with self._connection() as connection:
            values = _payment_values(plan, self._till)
            payment_id: int = (await self._one(connection, "insert_payment", **values))["id"]
            for position, transfer in enumerate(plan.transfers):
                row = await self._one(
                    connection,
                    "insert_transfer",
                    payment_id=payment_id,
                    position=position,
                    role=transfer.role,
                    recipient=transfer.recipient,
                    sats=transfer.sats,
                    memo=transfer.memo,
                    state=transfer.state,
                    reason=transfer.reason,
                )
                await self._tell(
                    connection,
                    payment_id,
                    "planned",
                    transfer_id=row["id"],
                    after=transfer.state,
                    reason=transfer.reason,
                )
            await self._tell(connection, payment_id, "intended", after=PaymentState.INTENDED)
            return await self._payment(connection, payment_id)

    async def begin_attempt(self, payment_id: int) -> str:
        """Take the next attempt of the customer's invoice; return its ``externalId``."""
        async with self._connection() as connection:
            row = await self._maybe(connection, "begin_attempt", id=payment_id)
        if row is None:
            raise TillError("This sale was given up.", cause=f"payment {payment_id}")
        return f"bp-{row['ledger']}-{payment_id}-{row['attempt']}"

    async def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        """INTENDED → AWAITING with the invoice; ``None`` when it was given up meanwhile."""
        async with self._connection() as connection:
            row = await self._one(connection, "lock_payment", id=payment_id)
            try:
                changed = await self._run(
                    connection,
                    "attach_invoice",
                    id=payment_id,
                    payment_hash=invoice.payment_hash,
                    payment_request=invoice.payment_request,
                    expires_at=invoice.expires_at,
                )
            except psycopg.errors.UniqueViolation as error:
                raise RefusedError(
                    "Blink's invoice is not a new one: nothing was sold.",
                    cause=f"payment {payment_id}: {invoice.payment_hash} is another sale's",
                ) from error
            if not changed:
                return None
            await self._tell(
                connection,
                payment_id,
                "invoice_attached",
                before=row["state"],
                after=PaymentState.AWAITING,
            )
            return await self._payment(connection, payment_id)

    async def move(
        self,
        payment_id: int,
        to: PaymentState,
        *,
        reason: str,
        received_sats: int | None = None,
    ) -> Payment | None:
        """Move a payment along its table of moves; ``None`` when it could not go there."""
        async with self._connection() as connection:
            row = await self._one(connection, "lock_payment", id=payment_id)
            before = PaymentState(row["state"])
            if before not in sources(to):
                return None
            await self._run(
                connection,
                "set_state",
                id=payment_id,
                before=before,
                to=to,
                reason=reason,
                received_sats=received_sats,
            )
            await self._tell(
                connection,
                payment_id,
                to.value,
                before=before,
                after=to,
                reason=reason or reason_for(before, to),
            )
            return await self._payment(connection, payment_id)

    async def complete(self, payment_id: int) -> Payment | None:
        """PAID → COMPLETED, if every transfer is finished."""
        async with self._connection() as connection:
            # The payment's row is locked first, so that two last transfers see each other.
            await self._one(connection, "lock_payment", id=payment_id)
            row = await self._one(connection, "unfinished_transfers", id=payment_id)
            if row["unfinished"]:
                return None
            before, to = PaymentState.PAID, PaymentState.COMPLETED
            changed = await self._run(
                connection,
                "set_state",
                id=payment_id,
                before=before,
                to=to,
                reason="",
                received_sats=None,
            )
            if not changed:
                return None
            await self._tell(
                connection,
                payment_id,
                to.value,
                before=before,
                after=to,
                reason=reason_for(before, to),
            )
            return await self._payment(connection, payment_id)

    async def payment(self, payment_id: int) -> Payment:
        """Return one payment with its transfers."""
        async with self._connection() as connection:
            return await self._payment(connection, payment_id)

    async def by_hash(self, payment_hash: str) -> Payment | None:
        """Return a payment by its invoice's hash."""
        async with self._connection() as connection:
            row = await self._maybe(connection, "id_by_hash", payment_hash=payment_hash)
            return await self._payment(connection, row["id"]) if row else None

    async def watched(self, account_id: str) -> Sequence[Payment]:
        """Return the payments for which money may still arrive, oldest first."""
        return await self._all(
            "watched_ids", account_id=account_id, watch_seconds=WATCH_AFTER_EXPIRY
        )

    async def unfinished(self, account_id: str) -> Sequence[Payment]:
        """Return the paid payments that are not completed, oldest first."""
        return await self._all("unfinished_ids", account_id=account_id)

    async def claim(self, transfer_id: int, *, seconds: int) -> Transfer | None:
        """Claim a transfer for this process, or renew the claim."""
        async with self._connection() as connection:
            row = await self._maybe(
                connection, "claim", id=transfer_id, process=self._process, seconds=seconds
            )
            if row is None:
                return None
            return rows.transfer(await self._one(connection, "transfer_by_id", id=transfer_id))

    async def release(self, transfer_id: int) -> None:
        """Give a claim back."""
        async with self._connection() as connection:
            await self._run(connection, "release", id=transfer_id, process=self._process)

    async def begin_transfer_attempt(self, transfer_id: int) -> str:
        """Take the next attempt of a recipient's invoice; return its ``externalId``."""
        async with self._connection() as connection:
            row = await self._maybe(
                connection, "begin_transfer_attempt", id=transfer_id, process=self._process
            )
        if row is None:
            raise TillError("Somebody else works on this transfer.", cause=str(transfer_id))
        external_id: str = row["external_id"]
        return external_id

    async def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice
    ) -> Transfer | None:
        """PLANNED → PREPARED with the invoice, if it has none and the claim is ours."""
        async with self._connection() as connection:
            try:
                async with connection.transaction():
                    stored = await self._run(
                        connection,
                        "store_recipient_invoice",
                        external_id=invoice.external_id,
                        transfer_id=transfer.id,
                        payment_hash=invoice.payment_hash,
                        payment_request=invoice.payment_request,
                        expires_at=invoice.expires_at,
                    )
                    if not stored:
                        return None
                    event = TransferEvent.INVOICE_STORED
                    if not await self._record(connection, transfer, event, reason="", error=""):
                        # Without the state the invoice must not stand either.
                        raise psycopg.Rollback
            except psycopg.errors.UniqueViolation:
                return None
            row = await self._one(connection, "transfer_by_id", id=transfer.id)
            return rows.transfer(row) if row["payment_hash"] == invoice.payment_hash else None

    async def record(
        self, transfer: Transfer, event: TransferEvent, *, reason: str = "", error: str = ""
    ) -> Transfer | None:
        """Apply an event to a transfer that is still as given and claimed by this process."""
        async with self._connection() as connection:
            return await self._record(connection, transfer, event, reason=reason, error=error)

    async def tips(self, since: int) -> Sequence[TipSummary]:
        """Return the tips of sales paid since a moment (Unix seconds), the largest sum first."""
        async with self._connection() as connection:
            cursor = await connection.execute(self._sql["tips_since"], {"since": since})
            return [rows.tip_summary(row) for row in await cursor.fetchall()]

    async def attention(self, account_id: str) -> Sequence[AttentionItem]:
        """Return what waits for a person, oldest first; an unknown account is empty."""
        return await self._rows("attention_items", rows.attention_item, account_id=account_id)

    async def waiting_choices(self, account_id: str) -> Sequence[WaitingChoice]:
        """Return the choices that are to be carried out."""
        return await self._rows("waiting_choices", rows.waiting_choice, account_id=account_id)

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> Transfer | None:
        """Write a person's choice down, and carry it out if nothing has to be asked first."""
        async with self._connection() as connection:
            before = await self._locked(connection, transfer_id)
            if before is None:
                return None
            if choice.remedy is Remedy.SEEN:
                if not await self._run(connection, "see_findings", transfer_id=transfer_id):
                    return None
                await self._tell_choice(connection, before, before, "finding_seen", who=who)
                return before
            if before.state is not TransferState.ATTENTION:
                return None
            await self._chosen(connection, before, choice, who)
            event = at_once(choice, before)
            if event is None:
                await self._tell_choice(
                    connection,
                    before,
                    before,
                    f"chosen_{choice.remedy}",
                    reason=wish(choice),
                    who=who,
                )
                return before
            await self._run(connection, "end_choices_of", transfer_id=transfer_id, outcome="done")
            return await self._apply_choice(connection, before, event, choice, who)

    async def carry_out(self, waiting: WaitingChoice, *, paid: bool = False) -> Transfer | None:
        """Retire the live invoice and do what was chosen, or settle what is ``paid`` already."""
        event = TransferEvent.STATUS_PAID if paid else CARRIED_OUT[waiting.choice.remedy]
        async with self._connection() as connection:
            before = await self._locked(connection, waiting.transfer.id)
            if before is None or before != waiting.transfer:
                return None
            # The transfer's row is ours: nobody ends its choice meanwhile.
            if await self._maybe(connection, "open_choice", id=waiting.id) is None:
                return None
            if before.invoice is not None and event in NEED_NO_INVOICE:
                retired = await self._retire(connection, before, before.invoice)
                if retired is None:
                    return None
                before = retired
            outcome = "paid meanwhile" if paid else "done"
            await self._run(connection, "end_choice", id=waiting.id, outcome=outcome)
            if not paid:
                return await self._apply_choice(
                    connection, before, event, waiting.choice, waiting.who
                )
            after = apply(before, event)
            await self._set_chosen(connection, after)
            await self._tell_choice(
                connection, before, after, event, reason="paid before it could be retired"
            )
            return after

    async def drop_choice(self, waiting: WaitingChoice, reason: str) -> Transfer | None:
        """End a choice that can't be carried out; ``reason`` says why, and what waits stays."""
        async with self._connection() as connection:
            before = await self._locked(connection, waiting.transfer.id)
            if before is None or before.state is not TransferState.ATTENTION:
                return None
            if not await self._run(connection, "end_choice", id=waiting.id, outcome=reason):
                return None
            after = replace(before, reason=reason)
            await self._set_chosen(connection, after)
            await self._tell_choice(connection, before, after, "choice_dropped", reason=reason)
            return after

    async def retired(self) -> Sequence[RetiredInvoice]:
        """Return the retired invoices that are watched."""
        return await self._rows(
            "retired_invoices", rows.retired_invoice, watch_seconds=WATCH_AFTER_EXPIRY
        )

    async def find_retired_paid(self, payment_hash: str) -> Transfer | None:
        """Write down that a retired invoice was paid after all: a finding for a person."""
        async with self._connection() as connection:
            row = await self._maybe(connection, "find_retired_paid", payment_hash=payment_hash)
            if row is None:
                return None
            found = await self._one(connection, "transfer_by_id", id=row["transfer_id"])
            transfer = rows.transfer(found)
            await self._tell_choice(
                connection, transfer, transfer, "retired_invoice_paid", reason=payment_hash
            )
            return transfer

    async def _locked(self, connection: _Connection, transfer_id: int) -> Transfer | None:
        """Return a transfer, whose row nobody else changes until this transaction ends."""
        if await self._maybe(connection, "lock_transfer", id=transfer_id) is None:
            return None
        return rows.transfer(await self._one(connection, "transfer_by_id", id=transfer_id))

    async def _retire(
        self, connection: _Connection, transfer: Transfer, invoice: RecipientInvoice
    ) -> Transfer | None:
        after = apply(transfer, TransferEvent.INVOICE_RETIRED, reason=transfer.reason)
        retired = await self._run(
            connection,
            "retire_invoice",
            external_id=invoice.external_id,
            payment_hash=invoice.payment_hash,
            quiet_seconds=QUIET_SECONDS,
        )
        if not retired:
            return None
        await self._tell_choice(
            connection,
            transfer,
            after,
            TransferEvent.INVOICE_RETIRED,
            reason=invoice.payment_hash,
        )
        return after

    async def _chosen(
        self, connection: _Connection, transfer: Transfer, choice: Choice, who: str
    ) -> None:
        await self._run(connection, "end_choices_of", transfer_id=transfer.id, outcome="replaced")
        await self._run(
            connection,
            "insert_choice",
            transfer_id=transfer.id,
            remedy=choice.remedy,
            recipient=choice.recipient,
            who=who,
        )

    async def _apply_choice(
        self,
        connection: _Connection,
        before: Transfer,
        event: TransferEvent,
        choice: Choice,
        who: str,
    ) -> Transfer:
        reason = f"Kept by choice of {who}." if event is TransferEvent.KEEP_CHOSEN else ""
        after = apply(before, event, reason=reason, recipient=choice.recipient)
        await self._set_chosen(connection, after)
        await self._tell_choice(connection, before, after, event, reason=wish(choice), who=who)
        return after

    async def _set_chosen(self, connection: _Connection, after: Transfer) -> None:
        await self._run(
            connection,
            "set_chosen",
            id=after.id,
            after=after.state,
            recipient=after.recipient,
            reason=after.reason,
            tries=after.tries,
        )

    async def _tell_choice(
        self,
        connection: _Connection,
        before: Transfer,
        after: Transfer,
        event: str,
        *,
        reason: str = "",
        who: str = "",
    ) -> None:
        await self._run(
            connection,
            "insert_choice_event",
            transfer_id=after.id,
            till=self._till,
            process=self._process,
            event=event,
            state_before=before.state,
            state_after=after.state,
            reason=reason,
            who=who,
        )

    async def _rows(self, query: str, read: Callable[[Any], _R], **values: object) -> list[_R]:
        async with self._connection() as connection:
            cursor = await connection.execute(self._sql[query], values)
            return [read(row) for row in await cursor.fetchall()]

    @asynccontextmanager
    async def transaction(self, seconds: float | None = None) -> AsyncIterator[Transaction]:
        """Lend one transaction for the named queries of a store beside this one (``books``).

        Raises:
            UnavailableError: the server is away, or says nothing for so many ``seconds``.
        """
        async with self._connection(seconds) as connection:
            yield Transaction(connection, self._sql, self._process, self._till)

    async def _record(
        self,
        connection: _Connection,
        transfer: Transfer,
        event: TransferEvent,
        *,
        reason: str,
        error: str,
    ) -> Transfer | None:
        after = apply(transfer, event, reason=reason)
        changed = await self._run(
            connection,
            "set_transfer",
            id=transfer.id,
            before=transfer.state,
            after=after.state,
            reason=reason,
            tries=after.tries,
            process=self._process,
            payment_hash=transfer.invoice.payment_hash if transfer.invoice else None,
        )
        if not changed:
            return None
        row = await self._one(connection, "transfer_by_id", id=transfer.id)
        await self._tell(
            connection,
            row["payment_id"],
            event.value,
            transfer_id=transfer.id,
            before=transfer.state,
            after=after.state,
            reason=reason,
            error=error,
        )
        return after

    async def _all(self, query: str, **values: object) -> Sequence[Payment]:
        async with self._connection() as connection:
            cursor = await connection.execute(self._sql[query], values)
            ids = [row["id"] for row in await cursor.fetchall()]
            return [await self._payment(connection, each) for each in ids]

    async def _payment(self, connection: _Connection, payment_id: int) -> Payment:
        row = await self._one(connection, "payment_by_id", id=payment_id)
        cursor = await connection.execute(self._sql["transfers_of"], {"payment_ids": [payment_id]})
        return rows.payment(row, await cursor.fetchall())

    async def _tell(
        self,
        connection: _Connection,
        payment_id: int,
        event: str,
        *,
        after: str,
        before: str | None = None,
        transfer_id: int | None = None,
        reason: str = "",
        error: str = "",
    ) -> None:
        await self._run(
            connection,
            "insert_event",
            payment_id=payment_id,
            transfer_id=transfer_id,
            till=self._till,
            process=self._process,
            event=event,
            state_before=before,
            state_after=after,
            reason=reason,
            error=error[:2000],
        )

    async def _run(self, connection: _Connection, query: str, **values: object) -> int:
        return (await connection.execute(self._sql[query], values)).rowcount

    async def _maybe(self, connection: _Connection, query: str, **values: object) -> Any:  # noqa: ANN401 (a row)
        return await (await connection.execute(self._sql[query], values)).fetchone()

    async def _one(self, connection: _Connection, query: str, **values: object) -> DictRow:
        row = await self._maybe(connection, query, **values)
        if row is None:
            raise LedgerRowMissingError(
                "The ledger has no such row.", cause=f"{query} {values.get('id')}"
            )
        found: DictRow = row
        return found

    @asynccontextmanager
    async def _connection(self, seconds: float | None = None) -> AsyncIterator[_Connection]:
        """Lend a connection for one transaction, which commits when the block ends well.

        Raises:
            UnavailableError: the server is away, or says nothing for so many ``seconds``.
            LedgerError: it refuses what was to be written.
        """
        limit: asyncio.TimerHandle | None = None
        try:
            async with self._pool.connection() as connection:
                # Until its commit or rollback is through.
                limit = _limit(connection, ANSWER_SECONDS if seconds is None else seconds)
                yield connection
        except _PASSING as error:
            raise UnavailableError(AWAY, cause=_first_line(error)) from error
        except psycopg.Error as error:
            raise LedgerError(REFUSES, cause=_first_line(error)) from error
        finally:
            if limit is not None:
                limit.cancel()


async def _check(connection: _Connection) -> None:
    limit = _limit(connection, CHECK_SECONDS)
    try:
        await AsyncConnectionPool.check_connection(connection)
    finally:
        limit.cancel()


def _limit(connection: _Connection, seconds: float) -> asyncio.TimerHandle:
    """Hang up on a server that is silent for too long.

    Cancelling would not do: psycopg then waits for the server's word on the
    cancelled query, and a hung one never gives it.
    """
    return asyncio.get_running_loop().call_later(seconds, _hang_up, connection)


def _hang_up(connection: _Connection) -> None:
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


def _payment_values(plan: PaymentPlan, till: str) -> dict[str, object]:
    quote, sale, price = plan.quote, plan.quote.sale, plan.quote.price
    percent = Decimal(round_half_up(sale.tip_percent * 10_000)).scaleb(-4)
    return {
        "network": plan.account.network,
        "account_id": plan.account.id,
        "wallet_id": plan.account.btc_wallet_id,
        "till": till,
        "currency": sale.currency.code,
        "currency_digits": sale.currency.digits,
        "currency_symbol": sale.currency.symbol,
        "items_minor": list(sale.items),
        "base_minor": sale.base.minor,
        "tip_minor": sale.tip.minor,
        "tip_percent": percent,
        "price_base": price.base if price else None,
        "price_offset": price.offset if price else None,
        "price_as_of": price.as_of if price else None,
        "total_sats": quote.total_sats,
        "tip_sats": quote.tip_sats,
        "note": sale.note,
        "memo": plan.memo,
    }


def _first_line(error: Exception) -> str:
    # libpq's message can repeat the connection string; its first line names host and reason only.
    return str(error).splitlines()[0] if str(error) else type(error).__name__
