"""`blinkpos charge` that can't: a plain sentence, the right exit code, nothing half-written."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.frozen import door
from tests.support.program import Ended, Program

GOLDEN = ("21", "--tip-percent", "10")
AT_ONCE = 2
Case = tuple[tuple[str, ...], dict[str, str], str]


def run_all(program: Program, cases: list[Case]) -> list[Ended]:
    """Run ``charge --json`` with each case's arguments and settings, some at a time."""

    def run(case: Case) -> Ended:
        arguments, settings, _ = case
        return program.run("charge", "--json", *arguments, **settings)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, cases))


def check(ended: Ended, code: int, words: str) -> None:
    """One sentence on stderr, the same one on stdout as JSON, and no traceback."""
    assert ended.code == code, ended
    (sentence,) = ended.err.splitlines()
    assert sentence.startswith("blinkpos: "), ended
    assert words in sentence, ended
    assert ended.events == [{"event": "failed", "reason": sentence.removeprefix("blinkpos: ")}]


def refuse(program: Program, code: int, cases: list[Case]) -> None:
    for case, ended in zip(cases, run_all(program, cases), strict=True):
        check(ended, code, case[2])


def arguments(*cases: tuple[str, str]) -> list[Case]:
    return [(tuple(line.split()), {}, words) for line, words in cases]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens on: it is bound, so that nobody else can."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_what_cannot_be_is_refused_before_anything_is_opened(
    program: Program, database_url: str, control: ControlClient
) -> None:
    control.reset_requests()
    refuse(
        program,
        2,
        arguments(
            ("0", "above zero"),
            ("0.0", "no decimals"),
            ("-5", "above zero"),
            ("-0.5", "above zero"),
            ("-- -5", "above zero"),
            ("lots", "is not an amount"),
            ("1e3", "is not an amount"),
            ("٢١", "is not an amount"),
            ("0.5", "no decimals"),
            ("2100000000000001", "all the bitcoin"),
            ("9" * 5000, "all the bitcoin"),
            ("1.2.3 --currency USD", "is not an amount"),
            ("0.00 --currency USD", "above zero"),
            ("21 --currency $$", "currency"),
            ("21 --tip-percent -1", "between 0 and 100"),
            ("21 --tip-percent 100.1", "between 0 and 100"),
            ("21 --tip-percent ten", "percentage"),
            ("21 --tip-percent nan", "percentage"),
            ("21 --tip-percent 10 --tip-recipient ana:0", "share"),
            ("21 --tip-percent 10 --tip-recipient ana:half", "share"),
            ("21 --tip-percent 10 --tip-recipient ana:60 --tip-recipient ben", "share"),
            ("21 --tip-percent 10 --tip-recipient ana --tip-recipient ana", "twice"),
            ("21 --tip-percent 10 --tip-recipient 1!", "username"),
            ("21 --memo \udcff\udcfe", "memo"),
        ),
    )
    refuse(program, 2, [(GOLDEN, {"TIP_RECIPIENTS": ""}, "nobody to receive the tip")])
    assert control.requests() == {}
    assert ledger.payments(database_url) == []


def test_a_wrong_setting_is_named(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("")
    refuse(
        program,
        2,
        [
            (("21",), {name: value}, words)
            for name, value, words in (
                ("API_KEY", "a key with spaces", "API_KEY"),
                ("API_KEY", "", "No Blink API key"),
                ("API_URL", "nowhere", "API_URL"),
                ("API_URL", "", "together"),
                ("API_URL", "http://api.blink.sv/graphql", "encrypted"),
                ("API_URL", "https:///graphql", "API_URL"),
                ("API_URL", "https://exa mple/graphql", "API_URL"),
                ("WS_URL", "http://127.0.0.1:1/", "WS_URL"),
                ("WS_URL", "ws://127.0.0.1:99999/", "WS_URL"),
                ("MERCHANT", "no one!", "MERCHANT"),
                ("TIP_RECIPIENTS", "ana:1,ben", "TIP_RECIPIENTS"),
                ("TIP_RECIPIENTS", "ana:-1", "TIP_RECIPIENTS"),
                ("TIP_PRESETS", "10,lots", "TIP_PRESETS"),
                ("CURRENCY", "$", "CURRENCY"),
                ("NETWORK", "moonnet", "mainnet or staging"),
                ("DATABASE_URL", "mysql://localhost/x", "DATABASE_URL"),
                ("DATABASE_URL", "postgresql://h/x?nonsense=1", "DATABASE_URL"),
                ("REDIS_URL", "http://localhost", "REDIS_URL"),
                ("REDIS_URL", "redis://localhost/0?socket_timeout=soon", "REDIS_URL"),
                ("REDIS_URL", "redis://localhost/0?nonsense=1", "REDIS_URL"),
                ("DATA_DIR", "~nobody-of-that-name/x", "DATA_DIR"),
            )
        ],
    )
    refuse(program, 2, [(("21",), {"DATABASE_URL": "", "DATA_DIR": str(file)}, str(file))])


def test_a_settings_file_that_others_can_read_may_not_hold_the_key(program: Program) -> None:
    file = program.folder / ".config" / "blinkpos" / "blinkpos.toml"
    file.parent.mkdir(parents=True)
    file.write_text('api_key = "blink_of_the_file"\n')
    file.chmod(0o640)
    check(program.run("charge", "21", "--json"), 2, "chmod 600")
    file.chmod(0o600)
    ended = program.run("charge", "21", "--json", API_KEY="")
    check(ended, 2, "does not accept the API key")
    assert "blink_of_the_file" not in ended.out + ended.err + program.log.read_text()


def test_what_blink_does_not_know_is_refused(
    program: Program, control: ControlClient, database_url: str
) -> None:
    control.set_price("USD", 100_000_000 * 100)  # a cent is a hundredth of a sat
    refuse(
        program,
        2,
        [
            (("21",), {"API_KEY": "blink_nobodys_key"}, "does not accept the API key"),
            (("21",), {"API_KEY": "blink_sim_nowrite"}, "WRITE"),
            (("21",), {"API_KEY": "blink_sim_noreceive"}, "RECEIVE"),
            (("21",), {"MERCHANT": "nobody_at_all"}, "nobody_at_all"),
            *arguments(
                ("21 --currency XXX", "XXX"),
                ("21.001 --currency EUR", "at most 2 decimals"),
                ("1.5 --currency JPY", "no decimals"),
                ("0.01 --currency USD", "less than 1 sat"),
                ("21 --tip-percent 10 --tip-recipient nobody_at_all", "nobody_at_all"),
            ),
        ],
    )
    control.give_key("till", "blink_sim_blind", ["RECEIVE", "WRITE"])
    refuse(program, 2, [(("21",), {"API_KEY": "blink_sim_blind"}, "READ")])
    assert ledger.payments(database_url) == []
    assert control.invoices() == []


def test_usage_is_argparses_own(program: Program) -> None:
    for line, words in (
        ("charge", "AMOUNT"),
        ("charge 21 --timeout 0", "above 0"),
        ("charge 21 --timeout -1", "above 0"),
        ("charge 21 --timeout soon", "above 0"),
        ("charge 21 --timeout nan", "above 0"),
        ("charge 21 --time 5", "unrecognized"),
        ("charge 21 22", "unrecognized"),
        ("charge 21 --json=yes", "--json"),
        ("sell 21", "sell"),
    ):
        ended = program.run(*line.split())
        assert (ended.code, ended.out) == (2, ""), ended
        assert words in ended.err.splitlines()[-1], ended
        assert "Traceback" not in ended.err


def test_plain_lines_say_it_once_on_stderr(program: Program) -> None:
    ended = program.run("charge", "0")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "blinkpos: An amount must be above zero.\n"


def test_what_is_away_ends_with_6(
    program: Program, control: ControlClient, database_url: str
) -> None:
    with closed_port() as port:
        refuse(
            program,
            6,
            [
                (GOLDEN, {"API_URL": f"http://127.0.0.1:{port}/graphql"}, "Blink can't be reached"),
                (
                    GOLDEN,
                    {"DATABASE_URL": f"postgresql://x:s3cr3t-word@127.0.0.1:{port}/x"},
                    "database can't be reached",
                ),
            ],
        )
    assert "s3cr3t-word" not in program.log.read_text()
    control.set_price_offline(offline=True)
    refuse(program, 6, [(("1", "--currency", "USD"), {}, "USD")])
    for status, words in ((500, "does not answer"), (429, "slow down")):
        control.lay_fault("http_status", match="Account", status=status, times=None)
        refuse(program, 6, [(GOLDEN, {}, words)])
        control.clear_faults()
    assert ledger.payments(database_url) == []


def test_a_price_that_moved_far_is_refused_until_its_hour_is_over(
    program: Program, control: ControlClient, database_url: str
) -> None:
    dollar = ("charge", "--json", "1", "--currency", "USD", "--timeout", "0.01")
    control.set_price("USD", 100_000 * 100)
    assert program.run(*dollar).code == 3
    control.set_price("USD", 130_000 * 100)
    words = "The price of a bitcoin went from $100000.00 to $130000.00 within 1 min"
    check(program.run(*dollar), 6, words)
    # Again is no answer, and sats always sell.
    check(program.run(*dollar), 6, words)
    assert program.run("charge", "--json", "21", "--timeout", "0.01").code == 3
    assert len(ledger.payments(database_url)) == 2
    control.advance(3601)
    assert program.run(*dollar).code == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "http_status", "status": 500}, "does not answer"),
        ({"kind": "http_status", "status": 429}, "slow down"),
        ({"kind": "payload_error", "code": "TOO_MANY_REQUEST"}, "slow down"),
        ({"kind": "lost_answer"}, "does not answer"),
        ({"kind": "drop_before"}, "does not answer"),
        ({"kind": "null_payload"}, "does not answer"),
        ({"kind": "malformed", "body": "deep"}, "does not answer"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_an_invoice_that_cannot_be_had_fails_the_sale(
    program: Program,
    control: ControlClient,
    database_url: str,
    fault: dict[str, str | int],
    words: str,
) -> None:
    details = {name: value for name, value in fault.items() if name != "kind"}
    control.lay_fault(str(fault["kind"]), match="lnInvoiceCreate", times=None, **details)
    check(program.run("charge", *GOLDEN, "--json"), 6, words)
    assert ledger.states(database_url) == ["failed"]
    assert ledger.strangers(database_url, control) == []


def test_what_blink_refuses_ends_with_7(
    program: Program, control: ControlClient, database_url: str
) -> None:
    faults: list[dict[str, str]] = [
        {"kind": "payload_error", "code": code}
        for code in ("TRANSACTION_RESTRICTED", "RECEIVE_DISABLED")
    ]
    faults += [
        {"kind": "wrong_invoice", "field": field}
        for field in ("amount", "hash", "network", "expiry")
    ]
    for fault in faults:
        details = {name: value for name, value in fault.items() if name != "kind"}
        control.lay_fault(fault["kind"], match="lnInvoiceCreate", **details)
        ended = program.run("charge", *GOLDEN, "--json")
        check(ended, 7, "not what was asked" if "field" in fault else "Blink")
    assert ledger.states(database_url) == ["failed"] * len(faults)
    assert ledger.strangers(database_url, control) == []
    assert control.balance("till") == 0


def test_a_network_that_blink_lies_about_ends_with_7(
    program: Program, control: ControlClient, database_url: str
) -> None:
    control.settings(stated_network="mainnet")
    check(program.run("charge", *GOLDEN, "--json"), 7, "not what was asked")
    assert ledger.states(database_url) == ["failed"]
    # The ledger is another network's now.
    control.settings(stated_network=None)
    check(program.run("charge", *GOLDEN, "--json"), 2, "belongs to mainnet")


def test_a_database_that_is_not_ours_to_write_is_named(program: Program, database_url: str) -> None:
    role = f"reader_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN".encode())
    url = database_url.replace("blinkpos@", f"{role}@")
    ended = program.run("charge", *GOLDEN, "--json", DATABASE_URL=url)
    check(ended, 2, "database")


def test_a_database_that_hangs_ends_with_6(program: Program, database_url: str) -> None:
    with door(database_url, frozen=True) as shut:
        ended = program.run("charge", *GOLDEN, "--json", DATABASE_URL=shut.url)
    check(ended, 6, "database can't be reached")
