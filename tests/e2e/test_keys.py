"""`blinkpos key`, and that a Blink key is nowhere after a busy day."""

from __future__ import annotations

import functools
import gzip
import io
import os
import pty
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import psycopg
import redis

from blinkpos_desktop.operations import archive
from blinkpos_desktop.operations.sealing import Unseal
from blinkpos_desktop.simulator.client import ControlClient
from tests.support.keychains import FILE, HANGING
from tests.support.program import Ended, Program

KEY, PAYS, WORDS = "blink_S3CR3T_that_listens", "blink_S3CR3T_that_pays", "S3CR3T horse battery"


def fed(program: Program, text: str, *arguments: str, **settings: str) -> Ended:
    """Run it with a text on its standard input."""
    done = subprocess.run(
        [*program.command, *arguments],
        input=text,
        env=program.environment(**settings),
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


def keyless(program: Program, keychain: str = "") -> Program:
    settings = {name: text for name, text in program.settings.items() if name != "API_KEY"}
    return replace(program, settings=settings, keychain=keychain or program.keychain)


def sells(program: Program, control: ControlClient, **settings: str) -> None:
    with program.charge("21", "--tip-percent", "10", **settings) as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        ended = running.ended()
    assert ended.code == 0, ended


def test_a_key_in_the_keychain_sells_and_is_forgotten(
    program: Program, control: ControlClient
) -> None:
    control.give_key("till", KEY)
    shop = keyless(program, keychain=FILE)
    assert "No Blink API key is set" in shop.run("charge", "21").err
    ended = fed(shop, f"{KEY}\n", "key", "set")
    assert (ended.code, ended.err) == (0, ""), ended
    assert "is stored in the system's keychain." in ended.out
    sells(shop, control)
    ended = shop.run("key", "check")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "The Blink key, from the system's keychain: till on regtest, READ, RECEIVE, WRITE.\n"
    )
    [checked] = shop.run("key", "check", "--json", API_KEY="blink_sim_nowrite").events
    assert (checked["good"], checked["keys"][0]["source"]) == (False, "environment")
    assert checked["keys"][0]["scopes"] == ["READ", "RECEIVE"]
    ended = shop.run("key", "forget", API_KEY="blink_sim_till")
    assert ended.out.endswith("is gone from the system's keychain.\n")
    assert "BLINKPOS_API_KEY is set in the environment" in ended.err
    assert "No such key was stored" in shop.run("key", "forget").out
    assert shop.run("key", "check").code == 2
    assert (program.folder / "keychain.json").read_text() == "{}"


def test_a_keychain_that_hangs_holds_nobody_up(program: Program, control: ControlClient) -> None:
    # Sold from the sealed file, though a key was once put into a keychain that now hangs.
    shop = keyless(program, keychain=FILE)
    assert fed(shop, "blink_sim_till", "key", "set").code == 0
    assert fed(shop, "blink_sim_till", "key", "set", "--file", KEY_PASSPHRASE=WORDS).code == 0
    hung = replace(shop, keychain=HANGING)
    sells(hung, control, KEY_PASSPHRASE=WORDS)
    # With the environment's key it is not even asked.
    (mark,) = (program.folder / ".config" / "blinkpos" / "keys").glob("*.sealed")
    mark.rename(mark.with_suffix(".keychain"))
    sells(hung, control, API_KEY="blink_sim_till")


def _take_terminal(name: str) -> None:
    os.setsid()
    os.close(os.open(name, os.O_RDWR))


def test_a_prompt_shows_no_key(program: Program) -> None:
    shop = keyless(program)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*shop.command, "key", "set"],
        env=shop.environment(),
        cwd=shop.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        # Its prompts are for its own terminal, not for whose runs the tests.
        preexec_fn=functools.partial(_take_terminal, os.ttyname(theirs)),  # noqa: PLW1509
    ) as process:
        os.close(theirs)
        shown = b""
        for prompt, answer in (
            (b"not shown): ", KEY),
            (b"sealed key: ", WORDS),
            (b"again: ", WORDS),
        ):
            while not shown.endswith(prompt):
                shown += os.read(ours, 1000)
            os.write(ours, f"{answer}\n".encode())
        try:
            while more := os.read(ours, 1000):
                shown += more
        except OSError:
            pass  # the terminal is closed with its last process
        assert process.wait(30) == 0, shown
    os.close(ours)
    assert b"stored in the sealed file" in shown
    assert b"S3CR3T" not in shown
    assert fed(shop, "", "charge", "21", KEY_PASSPHRASE="wrong words").err.count("does not open")


def test_what_can_not_be_stored_is_refused(program: Program) -> None:
    shop = keyless(program)
    for text, words, settings in (
        ("", "No key was given", {"KEY_PASSPHRASE": WORDS}),
        ("no key at all", "must be a Blink API key", {"KEY_PASSPHRASE": WORDS}),
        (KEY, "set BLINKPOS_KEY_PASSPHRASE", {}),
        (KEY, "passphrase is too short", {"KEY_PASSPHRASE": "short"}),
    ):
        ended = fed(shop, text, "key", "set", **settings)
        assert (ended.code, ended.out) == (2, ""), ended
        assert words in ended.err
        assert "no key at all" not in ended.err
    for line in ("key", "key show", f"key set {KEY}", f"key check {KEY}"):
        ended = shop.run(*line.split())
        assert ended.code == 2
        assert KEY not in ended.out + ended.err
    assert not (program.folder / ".config" / "blinkpos" / "keys").exists()


def everything_of(database_url: str) -> str:
    """All rows of all tables, as the database would dump them."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        text = ""
        for (table,) in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
                text += b"".join(bytes(part) for part in copy).decode()
    assert "bp-" in text, "the ledger is looked at"
    return text


def command_lines() -> str:
    lines = ""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # One that ends while it is looked at tells nothing any more.
        with suppress(FileNotFoundError, ProcessLookupError):
            lines += path.read_bytes().decode(errors="replace")
    return lines


def backed_up(shop: Program, **settings: str) -> str:
    """Make a backup, watched in the list of processes; return what it holds, unsealed."""
    # Of one second there is one file in a folder.
    to = str(shop.folder / ("sealed" if settings else "plain"))
    with shop.start("backup", "--to", to, "--json", **settings) as making:
        lines = command_lines()
        while making.process.poll() is None:
            lines += command_lines()
        ended = making.ended()
    assert ended.code == 0, ended
    assert ("backup" in lines, "S3CR3T" in lines) == (True, False)
    path = Path(ended.events[0]["path"])
    assert archive.is_sealed(path) == bool(settings)
    with path.open("rb") as file:
        opened: IO[bytes] = io.BufferedReader(Unseal(file, WORDS)) if settings else file
        text = gzip.GzipFile(fileobj=opened).read().decode()
    assert "COPY payments" in text
    assert "bp-" in text, "the ledger is looked at"
    return text


def test_after_a_busy_day_the_keys_are_nowhere(
    program: Program, control: ControlClient, database_url: str, redis_url: str
) -> None:
    control.give_key("till", KEY, ["READ", "RECEIVE"])
    control.give_key("till", PAYS, ["READ", "WRITE"])
    shop = keyless(program)
    shop = replace(
        shop, settings={**shop.settings, "REDIS_URL": redis_url, "KEY_PASSPHRASE": WORDS}
    )
    assert fed(shop, KEY, "key", "set").code == 0
    assert "stored in the sealed file" in fed(shop, PAYS, "key", "set", "--payout").out
    said = [shop.run("key", "check")]
    assert said[0].code == 0, said
    sells(shop, control)
    # A sale under way, so that Redis has something to give away.
    with redis.Redis.from_url(redis_url) as cache, shop.charge("5") as running:
        running.wait_for("invoice")
        while not cache.keys("*"):
            pass
        held = b"".join(bytes(cache.dump(name)) for name in cache.keys("*"))
        assert "S3CR3T" not in command_lines()
        running.signal()
        said.append(running.ended())
    assert len(held) > 100
    control.change_account("elturco", receive_disabled=True)
    with shop.charge("21", "--tip-percent", "10") as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        said.append(running.ended())
    backups = [backed_up(shop), backed_up(shop, BACKUP_PASSPHRASE=WORDS)]
    # What goes wrong is told and logged at length.
    control.revoke_key(PAYS)
    said += [shop.run("charge", "21"), shop.run("key", "check"), shop.run("attention")]
    said.append(shop.run("charge", "21", REDIS_URL="redis://127.0.0.1:1/0", API_KEY=KEY))
    assert {ended.code for ended in said} >= {0, 2}
    files = [path for path in program.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sealed" for path in files)
    assert any(path.name == "blinkpos.log" for path in files)
    told = "".join(ended.out + ended.err for ended in said)
    told += "".join(path.read_bytes().decode(errors="replace") for path in files)
    for text in (told, everything_of(database_url), held.decode(errors="replace"), *backups):
        assert "S3CR3T" not in text
