"""`blinkpos charge` as a process: sales that are paid, and what is told of them."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import redis
import zxingcpp

from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.program import Ended, Event, Program, until

MEMO_BYTES = 639


def sell(program: Program, control: ControlClient, *arguments: str, **settings: str) -> Ended:
    """Charge, pay what is asked, and wait for the end."""
    return sell_all(program, control, [arguments], **settings)[0]


def sell_all(
    program: Program, control: ControlClient, sales: list[tuple[str, ...]], **settings: str
) -> list[Ended]:
    """The same for several at once."""
    started = [program.charge(*arguments, **settings) for arguments in sales]
    try:
        for running in started:
            control.pay(running.wait_for("invoice")["payment_request"])
        return [running.ended() for running in started]
    finally:
        for running in started:
            if running.process.poll() is None:
                running.process.kill()


def parts(ended: Ended) -> list[tuple[object, ...]]:
    """The transfers that were told."""
    return [
        (event["role"], event["recipient"], event["sats"], event["status"])
        for event in ended.events
        if event["event"] == "transfer"
    ]


def test_the_golden_case(program: Program, control: ControlClient, database_url: str) -> None:
    before = int(time.time())
    ended = sell(program, control, "21", "--tip-percent", "10", "--tip-recipient", "elturco")
    after = int(time.time())
    assert (ended.code, ended.err) == (0, "")
    invoice = control.invoices(owner="till")[0]
    same = {"payment_hash": invoice["payment_hash"]}
    told = ended.events
    paid_at = told[1]["paid_at"]
    transfer = {"event": "transfer", **same, "status": "settled"}
    first, second = (
        {**transfer, "role": "merchant", "recipient": "cafe", "sats": 21},
        {**transfer, "role": "tip", "recipient": "elturco", "sats": 2},
    )
    assert told[:2] == [
        {
            "event": "invoice",
            **same,
            "payment_request": invoice["payment_request"],
            "total_sats": 23,
            "base_sats": 21,
            "tip_sats": 2,
            "expires_at": invoice["expires_at"],
        },
        {"event": "paid", **same, "received_sats": 23, "paid_at": paid_at},
    ]
    assert told[2:] in ([first, second, told[4]], [second, first, told[4]])
    assert told[4] == {"event": "completed", **same}
    assert all(type(value) is int for value in (paid_at, told[0]["expires_at"]))
    assert before - 1 <= paid_at <= after + 1
    assert 14 * 60 <= told[0]["expires_at"] - before <= 16 * 60
    balances = control.balances()
    assert [balances[name]["BTC"] for name in ("till", "cafe", "elturco")] == [0, 21, 2]
    [payment] = ledger.payments(database_url)
    assert payment["state"] == "completed"
    # It was told as paid: nobody is told again, and that took no commit of its own.
    assert payment["seen_at"] is not None
    assert not ledger.rows(database_url, "SELECT 1 FROM events WHERE event = 'seen'")
    control.verify()


def test_the_golden_case_on_the_embedded_database(
    program: Program, control: ControlClient, tmp_path: Path
) -> None:
    where = {"DATABASE_URL": "", "DATA_DIR": str(tmp_path / "a data folder")}
    for _ in range(2):  # a fresh cluster, and the one that was left
        ended = sell(program, control, "21", "--tip-percent", "10", **where)
        assert ended.code == 0, ended
        assert sorted(parts(ended)) == [
            ("merchant", "cafe", 21, "settled"),
            ("tip", "elturco", 2, "settled"),
        ]


def test_a_completed_sale_leaves_redis(
    program: Program, control: ControlClient, redis_url: str
) -> None:
    with (
        redis.Redis.from_url(redis_url) as cache,
        program.charge("21", "--tip-percent", "10", REDIS_URL=redis_url) as running,
    ):
        invoice = running.wait_for("invoice")
        until(lambda: cache.keys("blinkpos:*"))
        control.pay(invoice["payment_request"])
        ended = running.ended()
        assert (ended.code, ended.names[-1]) == (0, "completed")
        assert cache.keys("blinkpos:*") == []


def test_currencies_tips_and_recipients(
    program: Program, control: ControlClient, database_url: str
) -> None:
    shares = ("--tip-recipient", "ana:60", "--tip-recipient", "ben:40")
    dollars, yen, dinars, plain, tiny, double = sell_all(
        program,
        control,
        [
            ("0.80", "--currency", "usd", "--tip-percent", "10", *shares),
            ("500", "--currency", "JPY", "--tip-percent", "15"),
            ("1.5", "--currency", "KWD", "--tip-percent", "10"),
            ("2100",),
            ("1", "--tip-percent", "10"),
            ("100", "--tip-percent", "100", "--tip-recipient", "ben", "--tip-recipient", "ana"),
        ],
    )
    each = (dollars, yen, dinars, plain, tiny, double)
    assert [ended.code for ended in each] == [0] * 6
    assert [ended.names[-1] for ended in each] == ["completed"] * 6
    sums = [(e["total_sats"], e["base_sats"], e["tip_sats"]) for e in (x.events[0] for x in each)]
    assert sums == [
        (880, 800, 80),
        (3896, 3388, 508),
        (5401, 4910, 491),
        (2100, 2100, 0),
        (1, 1, 0),
        (200, 100, 100),
    ]
    assert sorted(parts(dollars)) == [
        ("merchant", "cafe", 800, "settled"),
        ("tip", "ana", 48, "settled"),
        ("tip", "ben", 32, "settled"),
    ]
    assert parts(plain) == [("merchant", "cafe", 2100, "settled")]
    assert parts(tiny) == [("merchant", "cafe", 1, "settled")]
    assert [part[1:3] for part in sorted(parts(double))] == [
        ("cafe", 100),
        ("ana", 50),
        ("ben", 50),
    ]
    assert ledger.states(database_url) == ["completed"] * 6
    assert control.balance("till") == 0
    control.verify()


def test_the_memo_comes_first_and_never_cuts_the_totals(
    program: Program, control: ControlClient
) -> None:
    sell(program, control, "21", "--tip-percent", "10", "--memo", "Table 4")
    sell(program, control, "21", "--tip-percent", "10", "--memo", "é" * 2000)
    short, long = (invoice["memo"] for invoice in control.invoices(owner="till"))
    assert short.startswith("Table 4 ")
    assert short.endswith("21 + 10% tip = 23 sats")
    assert long.startswith("ééé")
    assert long.endswith("21 + 10% tip = 23 sats")
    assert len(long.encode()) <= MEMO_BYTES


def test_the_settings_are_the_defaults(program: Program, control: ControlClient) -> None:
    config = program.folder / ".config" / "blinkpos"
    config.mkdir(parents=True)
    (config / "blinkpos.toml").write_text(
        'currency = "USD"\ntip_recipients = ["ana:1", "ben:3"]\nmerchant = "ben"\n'
    )
    ended = sell(program, control, "1.00", "--tip-percent", "20", TIP_RECIPIENTS="")
    assert ended.events[0]["total_sats"] == 1200
    # The environment's merchant goes over the file's.
    assert sorted(parts(ended)) == [
        ("merchant", "cafe", 1000, "settled"),
        ("tip", "ana", 50, "settled"),
        ("tip", "ben", 150, "settled"),
    ]


def test_what_stays_in_the_collecting_wallet_is_kept(
    program: Program, control: ControlClient, database_url: str
) -> None:
    golden = ("21", "--tip-percent", "10")
    no_merchant = sell(program, control, *golden, MERCHANT="")
    own_merchant = sell(program, control, *golden, MERCHANT="Till")
    own_tip = sell(program, control, *golden, "--tip-recipient", "till", MERCHANT="")
    assert [ended.code for ended in (no_merchant, own_merchant, own_tip)] == [0, 0, 0]
    assert sorted(parts(no_merchant)) == [
        ("merchant", "", 21, "kept"),
        ("tip", "elturco", 2, "settled"),
    ]
    assert ("merchant", "till", 21, "kept") in parts(own_merchant)
    assert sorted(parts(own_tip)) == [("merchant", "", 21, "kept"), ("tip", "till", 2, "kept")]
    kept = [e for e in own_tip.events if e["event"] == "transfer"]
    assert all("stays" in event["reason"] for event in kept)
    assert own_tip.names[-1] == "completed"
    assert control.balance("till") == 21 + 21 + 23
    assert ledger.states(database_url) == ["completed"] * 3


def test_an_overpaid_invoice_is_told_as_received(program: Program, control: ControlClient) -> None:
    with program.charge("100") as running:
        control.pay(running.wait_for("invoice")["payment_request"], amount_sats=150)
        ended = running.ended()
    assert ended.code == 0
    assert ended.events[1]["received_sats"] == 150
    assert parts(ended) == [("merchant", "cafe", 100, "settled")]
    assert control.balance("till") == 50


def test_a_payment_is_seen_without_any_websocket(program: Program, control: ControlClient) -> None:
    control.new_sockets("refuse")
    assert sell(program, control, "21").code == 0


def test_a_recipient_who_cannot_receive_ends_with_5(
    program: Program, control: ControlClient, database_url: str
) -> None:
    ended = sell(program, control, "21", "--tip-percent", "10", "--tip-recipient", "closed")
    assert ended.code == 5
    assert sorted(parts(ended)) == [
        ("merchant", "cafe", 21, "settled"),
        ("tip", "closed", 2, "attention"),
    ]
    assert "completed" not in ended.names
    assert ledger.states(database_url) == ["paid"]


def test_less_than_a_cent_ends_with_5_at_once_and_goes_with_the_next_sale(
    program: Program, control: ControlClient, database_url: str
) -> None:
    """Neither the minute of forwarding nor a quarter of an hour is waited for."""
    tipped = ("--tip-percent", "10", "--tip-recipient", "dana")
    ended = sell(program, control, "21", *tipped)
    assert ended.code == 5
    assert sorted(parts(ended)) == [
        ("merchant", "cafe", 21, "settled"),
        ("tip", "dana", 2, "pending"),
    ]
    [owed] = [each for each in ended.events if each.get("status") == "pending"]
    assert "under one cent" in owed["reason"]
    assert program.run("attention").out == "Nothing needs attention.\n"
    # It is said, in words of its own, and is no difference.
    reconciled = program.run("reconcile", "--fix")
    assert reconciled.code == 0, reconciled
    assert "to dana: 2 sats still owed (dana: under one cent" in reconciled.out
    assert reconciled.out.endswith("The ledger and Blink agree.\n")
    told = program.run("reconcile", "--json")
    assert (told.code, told.names) == (0, ["owed", "reconciled"])
    [debt, summary] = told.events
    assert (debt["recipient"], debt["sats"], debt["fixed"]) == ("dana", 2, False)
    assert [summary[each] for each in ("found", "fixed", "remaining", "owed")] == [0, 0, 0, 1]
    ended = sell(program, control, "1000", *tipped)
    assert ended.code == 0
    assert ledger.states(database_url) == ["completed", "completed"]
    assert control.balance("dana", "USD") == 10
    assert program.run("reconcile").code == 0
    assert program.run("audit").code == 0


def test_what_blink_restricts_ends_with_5_at_once_and_is_listed(
    program: Program, control: ControlClient
) -> None:
    control.change_account("till", daily_limit_cents=0)
    ended = sell(program, control, "21")
    assert ended.code == 5
    assert parts(ended) == [("merchant", "cafe", 21, "pending")]
    listed = program.run("attention").out
    assert "21 sats to cafe" in listed
    assert "daily limit" in listed


def test_another_sale_of_the_same_ledger_is_left_alone(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with program.charge("10") as killed, program.charge("20") as other, program.charge("30") as one:
        orphan: Event = killed.wait_for("invoice")
        second = other.wait_for("invoice")
        own = one.wait_for("invoice")
        killed.signal(signal.SIGKILL)
        killed.ended()
        control.pay(orphan["payment_request"])
        control.pay(second["payment_request"])
        assert other.ended().code == 0
        control.pay(own["payment_request"])
        ended = one.ended()
    assert ended.code == 0
    assert {event["payment_hash"] for event in ended.events} == {own["payment_hash"]}
    assert sorted(ledger.states(database_url)) == ["awaiting", "completed", "completed"]


def test_plain_lines_and_a_qr_that_can_be_scanned(program: Program, control: ControlClient) -> None:
    with program.start("charge", "21", "--tip-percent", "10", "--memo", "Grüezi") as running:
        control.wait_for_invoice("till", seconds=30)
        request = control.invoices(owner="till")[0]["payment_request"]
        until(lambda: request in running.said)
        scanned = scan(running.said.split(request)[0])
        assert scanned == request.upper()
        control.pay(scanned.lower())
        ended = running.ended()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Please pay 23 sats: Grüezi")
    said = ended.out.split(request)[1].split("\n")
    assert said[1] == "Paid: 23 sats."
    assert sorted(said[2:4]) == ["2 sats to elturco: settled", "21 sats to cafe: settled"]
    assert said[4:] == ["Completed.", ""]


def scan(text: str) -> str:
    """Draw the blocks of the terminal, and read the QR in the picture."""
    lines = [line for line in text.splitlines() if set(line) <= set(" \xa0█▀▄")]
    width = max(map(len, lines))
    rows: list[list[int]] = []
    for line in lines:
        for dark in ("█▀", "█▄"):
            row = [0 if char in dark else 255 for char in line.ljust(width)]
            rows += [[value for value in row for _ in range(4)]] * 4
    pixels = bytes(value for row in rows for value in row)
    picture = memoryview(pixels).cast("B", (len(rows), width * 4))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1, text
    return str(found[0].text)
