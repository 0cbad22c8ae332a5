"""What the command line says of itself, its streams, its log and its secrets."""

from __future__ import annotations

import pytest

from blinkpos_desktop import __version__
from blinkpos_desktop.simulator.client import ControlClient
from tests.support import ledger
from tests.support.program import Program, until

GARBAGE = {
    "API_KEY": "no key",
    "API_URL": "nonsense",
    "WS_URL": "nonsense",
    "DATABASE_URL": "nonsense",
    "REDIS_URL": "nonsense",
    "DATA_DIR": "/dev/null/nothing",
    "CURRENCY": "?",
    "MERCHANT": "?",
    "NETWORK": "?",
    "TIP_RECIPIENTS": "?",
    "TIP_PRESETS": "?",
    "BACKUP_DIR": "~?/nothing",
    "BACKUP_PASSPHRASE": "?",
    "PAYOUT_KEY": "no key",
    "METRICS_PORT": "?",
    "ALERT_URL": "?",
}


def test_help_and_version_need_nothing(program: Program) -> None:
    nowhere = program.folder / ".config" / "blinkpos"
    nowhere.mkdir(parents=True)
    (nowhere / "blinkpos.toml").write_text("this is no TOML")
    before = sorted(program.folder.rglob("*"))
    for line in (
        "--help",
        "run --help",
        "demo --help",
        "charge --help",
        "charge 21 -h",
        "attention keep -h",
        "backup --help",
        "restore --help",
        "move-to --help",
        "import --help",
        "key set --help",
        "doctor --help",
    ):
        ended = program.run(*line.split(), **GARBAGE)
        assert (ended.code, ended.err) == (0, ""), line
        assert ended.out.startswith("usage: blinkpos")
    assert "AMOUNT" in program.run("charge", "--help", **GARBAGE).out
    ended = program.run("--version", **GARBAGE)
    assert (ended.code, ended.out, ended.err) == (0, f"blinkpos {__version__}\n", "")
    assert sorted(program.folder.rglob("*")) == before


# Streams.


def test_a_reader_who_leaves_after_the_invoice_does_not_stop_the_sale(
    program: Program, control: ControlClient, database_url: str
) -> None:
    code = program.folder / "code"
    through = program.through(f'{{ "$@"; echo $? > "{code}"; }} | head -n 1')
    with through.charge("21", "--tip-percent", "10") as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        ended = running.ended()
    assert (ended.names, ended.err) == (["invoice"], "")
    until(lambda: code.exists() and code.read_text())
    assert code.read_text() == "0\n"
    assert ledger.states(database_url) == ["completed"]
    assert control.balance("elturco") == 2


@pytest.mark.parametrize("shell", ['"$@" > /dev/full', '{ "$@"; echo $? >&2; } | true'])
def test_an_invoice_that_nobody_reads_is_cancelled(
    program: Program, control: ControlClient, database_url: str, shell: str
) -> None:
    ended = program.through(shell).run("charge", "21", "--json")
    assert "4" in (str(ended.code), ended.err.split()[-1]), ended
    assert "Nobody reads the invoice" in ended.err
    assert "Traceback" not in ended.err
    assert "Broken" not in ended.err
    assert ledger.states(database_url) == ["cancelled"]
    assert [each["status"] for each in control.invoices(owner="till")] == ["cancelled"]


def test_closed_streams_are_no_riddle(program: Program, database_url: str) -> None:
    ended = program.through('"$@" >&-').run("charge", "21")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "Standard output is closed" in ended.err
    assert ledger.payments(database_url) == []
    ended = program.through('"$@" 2>&-').run("charge", "0", "--json")
    assert (ended.code, ended.names) == (2, ["failed"])
    ended = program.through('"$@" 2>&-').run("charge", "0")
    assert (ended.code, ended.out) == (2, "")


def test_a_terminal_without_the_signs_is_told_all_the_same(program: Program) -> None:
    through = program.through('PYTHONIOENCODING=ascii "$@"')
    ended = through.run("charge", "21", "--timeout", "0.2", "--memo", "Grüezi")
    assert ended.code == 3, ended
    assert "Please pay 21 sats: Gr?ezi" in ended.out
    assert "lnbcrt210n1" in ended.out


# The log, and what must never be in it.


def test_the_log_rotates_in_the_state_folder(program: Program) -> None:
    program.log.parent.mkdir(parents=True)
    program.log.write_text("x" * 1_000_000 + "\n")
    program.run("charge", "21", "--timeout", "0.1", "--json")
    assert program.log.with_name("blinkpos.log.1").stat().st_size > 1_000_000
    assert 0 < program.log.stat().st_size < 1_000_000


def test_a_log_that_cannot_be_written_costs_the_log_only(program: Program) -> None:
    program.log.parent.parent.mkdir(parents=True)
    program.log.parent.write_text("a file where the folder should be")
    ended = program.run("charge", "21", "--timeout", "0.1", "--json")
    assert (ended.code, ended.names, ended.err) == (3, ["invoice", "expired"], "")


def test_no_secret_is_ever_told(program: Program, control: ControlClient) -> None:
    secrets = {
        "API_KEY": "blink_sim_nobody_S3CR3T",
        "DATABASE_URL": "postgresql://me:S3CR3T-of-pg@127.0.0.1:1/x?sslpassword=S3CR3T-too",
        "REDIS_URL": "redis://:S3CR3T-of-redis@127.0.0.1:1/0",
    }
    own = program.settings
    control.give_key("till", "blink_sim_till_S3CR3T")
    control.lay_fault("graphql_error", match="CreateInvoice", message="Not authorized")
    runs = [
        program.run("charge", "21", "--timeout", "0.1", **settings)
        for settings in (
            secrets,
            {**secrets, "DATABASE_URL": own["DATABASE_URL"]},
            {**secrets, "DATABASE_URL": own["DATABASE_URL"], "API_KEY": "blink_sim_till_S3CR3T"},
            {**secrets, "DATABASE_URL": own["DATABASE_URL"], "API_KEY": "blink_sim_till_S3CR3T"},
        )
    ]
    assert [ended.code for ended in runs] == [6, 2, 2, 3]
    log = "".join(file.read_text() for file in program.log.parent.iterdir())
    assert "Redis is away" in log
    for text in (log, *(ended.out + ended.err for ended in runs)):
        assert "S3CR3T" not in text
