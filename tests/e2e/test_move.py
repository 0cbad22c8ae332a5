"""`blinkpos move-to`: from the built-in database to a server, and never in both."""

from __future__ import annotations

import signal
import sys

import psycopg
import pytest

from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.program import Ended, Program
from tests.support.servers import PostgresServer

_KILLED = """
import os, signal, sys

point = sys.argv.pop(1)
from blinkpos_desktop.services.store import loading, moves

def dying(call, *, after):
    def die(*arguments):
        if after:
            call(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    return die

if point == "marked":
    moves.begin = dying(moves.begin, after=True)
elif point == "under way":
    loading.Loading.finish = dying(loading.Loading.finish, after=True)
elif point == "arrived":
    moves.end = dying(moves.end, after=False)
else:
    def lost(*arguments):
        from blinkpos_desktop.domain.errors import OutcomeUnknownError
        raise OutcomeUnknownError("nobody can say yet whether it has it")
    loading.Loading.live_here = lost
from blinkpos_desktop.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def till(program: Program) -> Program:
    """A till on its built-in database, which need not outlive the machine's power here."""
    folder = program.folder / "till"
    server = EmbeddedPostgres(folder)
    server.start()
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
    server.stop()
    settings = {**program.settings, "DATABASE_URL": "", "DATA_DIR": str(folder)}
    return Program(folder=program.folder, settings=settings)


def _killed_at(till: Program, point: str, *arguments: str) -> Ended:
    command = (sys.executable, "-c", _KILLED, point)
    return Program(folder=till.folder, settings=till.settings, command=command).run(*arguments)


def _doctor_finds(till: Program) -> tuple[str, str]:
    """What `doctor` finds of the database, and where it says that the ledger is."""
    [told] = till.run("doctor", "--json").events
    [found] = [each for each in told["checks"] if each["check"] == "database"]
    return found["finding"], found.get("target", "")


def _sell(till: Program, control: ControlClient, sats: int, **settings: str) -> None:
    with till.charge(str(sats), "--tip-percent", "10", **settings) as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        assert running.ended().code == 0


def test_a_till_joins_a_server(
    till: Program, control: ControlClient, database_url: str, postgres: PostgresServer
) -> None:
    for data in ("", str(till.folder / "elsewhere")):
        settings = {"DATA_DIR": data} if data else {}
        nothing = till.run("move-to", database_url, **settings)
        assert (nothing.code, "nothing to move" in nothing.err) == (2, True)
    _sell(till, control, 21)
    with till.charge("5") as killed:
        open_sale = killed.wait_for("invoice")
        busy = till.run("move-to", database_url)
        assert (busy.code, "end it first" in busy.err) == (2, True)
        killed.signal(signal.SIGKILL)
        killed.ended()

    refused = till.run("move-to", database_url)
    assert refused.code == 1
    assert "unfinished" in refused.err
    assert "5 sats, 2" in refused.err
    assert open_sale["payment_hash"] in refused.err
    assert ledger.payments(database_url) == []
    control.pay(open_sale["payment_request"])
    assert till.run("reconcile", "--fix").code == 0

    before = till.run("audit", "--json").events
    secret = database_url.replace("blinkpos@", "blinkpos:S3CR3T@")
    moved = till.run("move-to", secret)
    assert moved.code == 0, moved
    assert "2 payments, 28 sats received" in moved.out
    assert till.run("audit", "--json", DATABASE_URL=database_url).events == before
    old = till.run("charge", "21")
    assert (old.code, "has moved to postgresql://***@" in old.err) == (2, True)
    assert "S3CR3T" not in moved.out + moved.err + old.err + till.log.read_text()
    assert "has moved to" in till.run("backup").err
    # The built-in database is down, and doctor knows where the ledger is all the same.
    finding, target = _doctor_finds(till)
    assert (finding, "@" in target, "S3CR3T" in target) == ("database_moved", True, False)
    [note] = (till.folder / "till").rglob("blinkpos.moved")
    assert "S3CR3T" not in note.read_text()
    note.unlink()
    # The note decides nothing: without it no till opens the ledger either, and it is made anew.
    assert "has moved to" in till.run("charge", "21").err
    assert till.run("move-to", secret).code == 0
    assert _doctor_finds(till) == (finding, target)
    elsewhere = till.run("move-to", postgres.fresh_database())
    assert (elsewhere.code, "has moved to" in elsewhere.err) == (2, True)
    assert till.run("move-to", secret, "--undo").code == 2

    _sell(till, control, 9, DATABASE_URL=database_url)
    assert ledger.states(database_url) == ["completed"] * 3
    ids = [row["id"] for row in ledger.payments(database_url)]
    assert ids == sorted(set(ids))
    assert till.run("reconcile", DATABASE_URL=database_url).code == 0
    control.verify()


def test_one_that_does_not_arrive_leaves_the_ledger_closed_or_where_it_was(
    till: Program, control: ControlClient, postgres: PostgresServer
) -> None:
    _sell(till, control, 21)
    for url, code in (
        ("postgresql://x@127.0.0.1:1/none", 6),
        ("http://example.com", 2),
        ("postgresql://x@h/n?nonsense=1", 2),
    ):
        assert till.run("move-to", url).code == code
    there = postgres.fresh_database()
    for point in ("marked", "under way", "lost"):
        _killed_at(till, point, "move-to", there)
        closed = till.run("audit")
        assert (closed.code, "on its way to" in closed.err) == (2, True), point
        assert ledger.payments(there) == []
        finding = "database_asleep" if point == "marked" else "database_moving"
        assert _doctor_finds(till)[0] == finding, point
        # It can be taken back, for it is certain that it has not arrived.
        assert till.run("move-to", there, "--undo").code == 0
    assert till.run("audit").code == 0
    assert _doctor_finds(till) == ("database_asleep", "")
    nothing = till.run("move-to", there, "--undo")
    assert (nothing.code, "is not being moved" in nothing.err) == (2, True)


def test_one_that_arrived_and_died_is_ended_by_the_same_command(
    till: Program, control: ControlClient, postgres: PostgresServer
) -> None:
    _sell(till, control, 21)
    there = postgres.fresh_database()
    _killed_at(till, "under way", "move-to", there)
    other = till.run("move-to", postgres.fresh_database())
    assert (other.code, "on its way to" in other.err) == (2, True)
    _killed_at(till, "arrived", "move-to", there)
    assert ledger.states(there) == ["completed"]
    closed = till.run("charge", "21")
    assert (closed.code, "on its way to" in closed.err) == (2, True)
    undone = till.run("move-to", there, "--undo")
    assert (undone.code, "It has arrived there" in undone.err) == (2, True)
    # The server's till may sell before the old one knows.
    _sell(till, control, 7, DATABASE_URL=there)
    assert till.run("move-to", there).code == 0
    assert ledger.states(there) == ["completed"] * 2
    assert "has moved to" in till.run("charge", "21").err
    control.verify()
