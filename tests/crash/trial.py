"""One trial: a sale whose program is killed, started again, killed again, until all is exact."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg.rows import DictRow, dict_row

from blinkpos_desktop.services.blink.document_files import document
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.scenario import TILL_KEY, VISITOR_SATS
from blinkpos_desktop.simulator.server import Simulator
from tests.crash import doomed
from tests.crash.nursery import PATIENCE, Child, Nursery, cold
from tests.support.servers import PostgresServer

ROOT: Final = Path(__file__).resolve().parents[2]
SIGKILLED: Final = -9
NOBODY: Final = (doomed.NEVER, 1)
HANG: Final = "hang"
_LOOK: Final = 0.01
_GRACE: Final = 0.3
"""For the point behind the last commit, which can be seen before it is arrived at."""
_CODES: Final = frozenset({0, 3, 4, 5, 6})
"""What `charge` may end with here: no bug, no bad input, no refusal."""
_CHARGE: Final = ("charge", "21", "--tip-percent", "10", "--json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A sale, who makes it and how the customer behaves."""

    name: str
    program: tuple[str, ...]
    parts: Mapping[str, int]
    """What each recipient must have in the end, if the customer paid."""
    settings: Mapping[str, str] = field(default_factory=dict)
    pays_at_once: bool = True
    """As soon as the program has told the invoice; otherwise only when the program is dead."""
    from_inside: bool = False
    """With a Blink wallet, which can pay what was cancelled."""
    ends: bool = False
    """The program ends by itself although nobody has paid."""
    prepares: bool = True
    """Recipients' invoices are made before the payment; otherwise on it."""
    cold: bool = False
    """Started from nothing: with a window, or to see that a fork makes no difference."""


_PARTS: Final = {"cafe": 21, "elturco": 2}
SCENARIOS: Final = {
    each.name: each
    for each in (
        Scenario(name="paid", program=_CHARGE, parts=_PARTS),
        Scenario(name="unprepared", program=_CHARGE, parts=_PARTS, prepares=False),
        # One transfer, which a recovery can only find settled: it completes the payment by itself.
        Scenario(
            name="untipped",
            program=("charge", "21", "--json"),
            parts={"cafe": 21},
            settings={"TIP_RECIPIENTS": ""},
        ),
        Scenario(name="dark", program=_CHARGE, parts=_PARTS, pays_at_once=False),
        Scenario(
            name="cancelled",
            program=(*_CHARGE, "--timeout", "0.2"),
            parts=_PARTS,
            pays_at_once=False,
            from_inside=True,
            ends=True,
        ),
        Scenario(name="till", program=("till",), parts=_PARTS),
        Scenario(
            name="window",
            program=("window",),
            parts={"cafe": 21},
            settings={"TIP_RECIPIENTS": ""},
            cold=True,
        ),
        Scenario(name="cold", program=_CHARGE, parts=_PARTS, cold=True),
    )
}

Kill = tuple[str, int]
"""A point and its how-manieth arrival. ``hang:DOCUMENT`` is killed from outside: Blink has
processed that request, and its answer never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done to one sale: a kill of the seller, then of whoever recovers."""

    scenario: Scenario
    first: Kill
    again: tuple[Kill, ...] = ()
    lost: str = ""
    """A document whose first answer is lost in each process,"""
    lost_from: int = 0
    """from the one of this number on: 0 is the seller."""

    def __str__(self) -> str:
        """Tell it in one line."""
        kills = " then ".join(f"{point} {number}" for point, number in (self.first, *self.again))
        lost = f" (an answer to {self.lost} is lost)" if self.lost else ""
        return f"{self.scenario.name}: {kills}{lost}"


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of it."""

    kills: list[str] = field(default_factory=list)
    """The points where a process was killed, in order."""
    unplugged: int = 0
    """How many more were killed from outside while they waited for something."""
    arrivals: list[Counter[str]] = field(default_factory=list)
    """What each process arrived at, in order."""
    paid: bool = False


class Place:
    """What trials share: a PostgreSQL, warm processes, a folder."""

    def __init__(self, postgres: PostgresServer, nursery: Nursery, folder: Path) -> None:
        self.postgres, self.nursery, self.folder = postgres, nursery, folder

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Self]:
        """Open one of its own."""
        with TemporaryDirectory(prefix="crash-") as name, Nursery() as nursery:
            postgres = PostgresServer(Path(name) / "pg")
            try:
                yield cls(postgres, nursery, Path(name))
            finally:
                postgres.stop()

    def run(self, plan: Plan) -> Result:
        """Carry a plan out and check that every sat is where it belongs."""
        with (
            TemporaryDirectory(dir=self.folder) as folder,
            Simulator.running() as simulator,
        ):
            url = self.postgres.fresh_database()
            try:
                with psycopg.connect(url, autocommit=True, row_factory=dict_row) as look:
                    return Trial(self, plan, simulator, url, look, Path(folder)).run()
            finally:
                self.postgres.drop(url)


class Trial:
    """One plan on its way."""

    def __init__(
        self,
        place: Place,
        plan: Plan,
        simulator: Simulator,
        url: str,
        look: psycopg.Connection[DictRow],
        folder: Path,
    ) -> None:
        self._place, self._plan, self._folder = place, plan, folder
        self._simulator, self._url, self._look = simulator, url, look
        self._control: ControlClient = simulator.control
        self._result = Result()
        self._hash = ""
        """Of the invoice that the customer has paid."""
        self._was_told = False
        """Whether somebody may have seen that it was paid, before all that recovered."""

    def run(self) -> Result:
        """Sell, kill, recover, check."""
        scenario = self._plan.scenario
        with self._process(scenario.program, self._plan.first, is_cold=scenario.cold) as child:
            self._serve_the_customer(child)
        # A charge says it; a window's screen can't be looked at once it is dead.
        self._was_told = bool(child.event("paid")) or "window" in scenario.program
        if not self._hash:
            self._pay_what_is_attached()
        for kill in self._plan.again:
            self._recover(kill)
        # The last one has looked at everything again, also when all was done before.
        self._recover(NOBODY, and_looks=True)
        self._check()
        return self._result

    def _serve_the_customer(self, child: Child) -> None:
        scenario, told_at = self._plan.scenario, 0.0
        while child.poll(_LOOK) is None:
            if told_at:
                if self._hash and self._is_done():
                    child.poll(_GRACE)
                    return
                # Nobody pays and the point is not reached: the plug is pulled.
                if not self._hash and not scenario.ends and time.monotonic() > told_at + 0.3:
                    return
            elif invoice := child.event("invoice"):
                told_at = time.monotonic()
                if scenario.pays_at_once:
                    self._pay(invoice["payment_request"])
            self._check_patience(child)

    def _pay_what_is_attached(self) -> None:
        """The customer has the QR on his phone, whatever has become of the till."""
        for row in self._payments():
            if row["payment_request"]:
                self._pay(row["payment_request"])

    def _pay(self, payment_request: str) -> None:
        payer = "visitor" if self._plan.scenario.from_inside else None
        answer = self._control.pay(payment_request, from_username=payer)
        assert answer["status"] == "SUCCESS", answer
        self._hash = answer["payment_hash"]
        self._result.paid = True

    def _recover(self, kill: Kill, *, and_looks: bool = False) -> None:
        self._let_leases_end()
        program = ("recover", "--window") if self._plan.scenario.cold else ("recover",)
        with self._process(program, kill, is_cold=self._plan.scenario.cold) as child:
            while child.poll(_LOOK) is None:
                if self._is_done() and (self._has_looked() or not and_looks):
                    child.poll(0.0 if kill == NOBODY else _GRACE)
                    return
                self._check_patience(child)
            assert kill != NOBODY, f"{self._plan}: it ended by itself: {child.said()}"

    def _let_leases_end(self) -> None:
        """A dead process's claims and turns last a quarter of a minute: let it pass."""
        if self._payments():
            self._look.execute(
                "UPDATE transfers SET claimed_until = now() - interval '1 second' "
                "WHERE claimed_by IS NOT NULL"
            )
            self._look.execute("UPDATE wallet_turns SET until = now() - interval '1 second'")

    def _payments(self) -> list[DictRow]:
        return self._rows("payments")

    def _rows(self, table: LiteralString) -> list[DictRow]:
        """Return the rows of a table; none where there are no tables yet."""
        there = self._look.execute("SELECT to_regclass(%s)::text AS name", [table]).fetchone()
        if there is None or there["name"] is None:
            return []
        return self._look.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608 (ours)

    def _is_done(self) -> bool:
        if self._hash:
            found = [r for r in self._payments() if r["payment_hash"] == self._hash]
            return [row["state"] for row in found] == ["completed"]
        return self._has_looked()

    def _has_looked(self) -> bool:
        return {"after:watched", "after:unfinished"} <= set(self._result.arrivals[-1])

    @contextmanager
    def _process(self, program: tuple[str, ...], kill: Kill, *, is_cold: bool) -> Iterator[Child]:
        """Run a process that dies where it is told to, or at the end of the block."""
        number, arrivals = len(self._result.arrivals), Counter[str]()
        self._result.arrivals.append(arrivals)
        told = self._folder / f"{number}.arrivals"
        point, nth = kill
        self._is_hanging = point.startswith(f"{HANG}:")
        self._control.clear_faults()
        if self._is_hanging:
            self._control.lay_fault("hang_after", match=_operation(point), skip=nth - 1)
        elif self._plan.lost and number >= self._plan.lost_from:
            self._control.lay_fault("lost_answer", match=_operation(self._plan.lost))
        mine = (doomed.NEVER if self._is_hanging else point, str(nth), "--", *program)
        environment = self._environment(told)
        start = cold if is_cold else self._place.nursery.start
        child = start(mine, environment, self._folder, number)
        self._deadline, self._told, self._read = time.monotonic() + PATIENCE, told, 0
        try:
            yield child
        finally:
            pulled = child.poll() is None
            child.kill()
            code = child.wait()
            self._read_arrivals()
            if code != SIGKILLED:
                assert code in _CODES, f"{self._plan}: it ended with {code}: {child.said()}"
            elif not pulled or (self._is_hanging and self._hung):
                self._result.kills.append(point)
            else:
                self._result.unplugged += 1

    def _check_patience(self, child: Child) -> None:
        self._read_arrivals()
        if self._is_hanging and self._hung:
            child.kill()
        if time.monotonic() > self._deadline:
            rows = self._payments()
            raise AssertionError(f"{self._plan}: no end in sight: {rows} {child.said()}")

    @property
    def _hung(self) -> bool:
        return any(fault["hits"] for fault in self._control.faults())

    def _read_arrivals(self) -> None:
        if self._told.exists():
            lines = self._told.read_text().splitlines()
            self._result.arrivals[-1].update(lines[self._read :])
            self._read = len(lines)

    def _environment(self, told: Path) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
        }
        settings = {
            "API_URL": self._simulator.api_url,
            "WS_URL": self._simulator.ws_url,
            "API_KEY": TILL_KEY,
            "MERCHANT": "cafe",
            "TIP_RECIPIENTS": "elturco",
            "DATABASE_URL": self._url,
            **self._plan.scenario.settings,
        }
        return {
            **kept,
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            doomed.ARRIVALS: str(told),
            doomed.HASTY: "1",
            doomed.UNPREPARED: "" if self._plan.scenario.prepares else "1",
            **{f"BLINKPOS_{name}": value for name, value in settings.items() if value},
        }

    def _check(self) -> None:
        """Every sat is where it belongs, came there once, and the ledgers say the same."""
        self._control.verify()
        rows = self._payments()
        assert len(rows) <= 1, f"one sale, and {len(rows)} payments: {rows}"
        for row in rows:
            if self._hash and row["payment_hash"] == self._hash:
                assert row["state"] == "completed", row
                # What nobody saw is announced: a window that recovers has its code on no screen.
                assert row["seen_at"] is None or self._was_told, row
            else:
                assert row["state"] not in {"paid", "completed"}, f"unpaid: {row}"
        parts = self._plan.scenario.parts if self._hash else {}
        self._check_balances(parts)
        self._check_movements(parts)
        if self._hash:
            rows = self._rows("transfers")
            settled = [(row["recipient"], row["sats"], row["state"]) for row in rows]
            assert sorted(settled) == [(who, sats, "settled") for who, sats in parts.items()]

    def _check_balances(self, parts: Mapping[str, int]) -> None:
        paid = sum(parts.values())
        inside = paid if self._plan.scenario.from_inside else 0
        expected = {"visitor": VISITOR_SATS - inside, **parts}
        for who, wallets in self._control.balances().items():
            have = {currency: amount for currency, amount in wallets.items() if amount}
            want = {"BTC": expected[who]} if expected.get(who) else {}
            assert have == want, f"{self._plan}: {who} has {have}, not {want}"

    def _check_movements(self, parts: Mapping[str, int]) -> None:
        """Simulator's own book: the customer's payment, and each transfer at most once."""
        moved = [each for each in self._control.ledger() if each["reason"] != "fund"]
        assert all(each["reason"] == "settle" for each in moved), moved
        sent = [each for each in moved if _gives(each, "till/BTC")]
        came = [each for each in moved if _gets(each, "till/BTC")]
        assert len(moved) == len(sent) + len(came), moved
        assert len(came) == bool(parts), came
        stored = {row["payment_hash"] for row in self._rows("recipient_invoices")}
        assert Counter(_receiver(each) for each in sent) == Counter(
            {f"{who}/BTC": 1 for who in parts}
        ), sent
        assert {each["payment_hash"] for each in sent} <= stored


def _operation(point: str) -> str:
    """Return the GraphQL operation of a document, or of a point at one."""
    found = re.search(r"\b(?:query|mutation)\s+(\w+)", document(point.rpartition(":")[2]))
    assert found is not None, point
    return found[1]


def _gives(entry: dict[str, Any], holder: str) -> bool:
    return any(p["holder"] == holder and p["amount"] < 0 for p in entry["postings"])


def _gets(entry: dict[str, Any], holder: str) -> bool:
    return any(p["holder"] == holder and p["amount"] > 0 for p in entry["postings"])


def _receiver(entry: dict[str, Any]) -> str:
    (receiver,) = (p["holder"] for p in entry["postings"] if p["amount"] > 0)
    found: str = receiver
    return found
