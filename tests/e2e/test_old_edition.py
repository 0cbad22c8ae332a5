"""The last edition before this one goes on selling while this one migrates the database they share.

The edition is frozen in tests/fixtures/editions (scripts/freeze_edition.py).
"""

from __future__ import annotations

import re
import shlex
import tarfile
from pathlib import Path

import pytest

from blinkpos_desktop.services.store import migrations
from blinkpos_desktop.simulator.client import ControlClient
from tests.support.ledger import rows, states, transfers
from tests.support.program import Program

EDITIONS = Path(__file__).resolve().parents[1] / "fixtures" / "editions"


def _version(edition: Path) -> int:
    match = re.fullmatch(r"schema_(\d+)\.tar\.xz", edition.name)
    assert match
    return int(match[1])


@pytest.fixture
def old(program: Program, tmp_path: Path) -> Program:
    """The newest frozen edition that knows less than this program."""
    current = migrations.known()[-1].version
    edition = max(each for each in EDITIONS.iterdir() if _version(each) < current)
    folder = tmp_path / "edition"
    with tarfile.open(edition) as archive:
        archive.extractall(folder, filter="data")
    return program.through(f'PYTHONPATH={shlex.quote(str(folder))} exec "$@"')


def test_an_old_till_sells_while_a_new_one_migrates(
    program: Program, old: Program, control: ControlClient, database_url: str
) -> None:
    with old.charge("21", "--tip-percent", "10") as one, old.charge("100") as other:
        first, second = one.wait_for("invoice"), other.wait_for("invoice")
        before = _versions(database_url)
        # Opening the database brings it to this program's version.
        shown = program.run("show", first["payment_hash"], "--json")
        assert (shown.code, shown.events[0]["state"]) == (0, "awaiting")
        assert _versions(database_url) == [each.version for each in migrations.known()] != before
        # The old tills have never heard of it: they see their money come, and send it on.
        for told in (first, second):
            control.pay(told["payment_request"])
        assert [one.ended().code, other.ended().code] == [0, 0]
    assert states(database_url) == ["completed", "completed"]
    assert {state for *_, state in transfers(database_url)} == {"settled"}
    audited = program.run("audit", "--json")
    assert (audited.code, audited.events[0]["sent_sats"]) == (0, 123)
    # Started anew, an old one is refused, with a sentence.
    ended = old.run("charge", "1", "--json")
    assert ended.code == 2
    assert "newer than this program" in ended.err
    assert len(states(database_url)) == 2


def _versions(database_url: str) -> list[int]:
    found = rows(database_url, "SELECT version FROM schema_migrations ORDER BY version")
    return [each["version"] for each in found]
