"""`blinkpos doctor`: the real program, with and without what it looks at."""

from __future__ import annotations

import pytest

from blinkpos_desktop import app, cli
from blinkpos_desktop.domain.health import Check
from tests.support.program import Program

NOWHERE = {
    "API_URL": "http://127.0.0.1:1/graphql",
    "WS_URL": "ws://127.0.0.1:1/graphql",
    "DATABASE_URL": "postgresql://me:S3CR3T@127.0.0.1:1/none",
    "REDIS_URL": "redis://:S3CR3T@127.0.0.1:1/0",
}


def test_a_shop_that_is_well_and_one_that_is_not(program: Program) -> None:
    assert program.run("charge", "21", "--timeout", "0.1", "--json").code == 3
    well = program.run("doctor")
    assert (well.code, well.err) == (0, ""), well
    lines = well.out.splitlines()
    assert lines[0].startswith("OK       Blink")
    assert "Failing" not in well.out
    ended = program.run("doctor", "--json", **NOWHERE)
    assert (ended.code, ended.err) == (1, "")
    [told] = ended.events
    assert (told["event"], told["mark"]) == ("doctor", "failing")
    assert [each["check"] for each in told["checks"]] == [check.value for check in Check]
    failing = {each["check"] for each in told["checks"] if each["mark"] == "failing"}
    assert failing == {"blink", "updates", "database"}
    assert "S3CR3T" not in ended.out + program.log.read_text()


def test_without_a_key_and_a_database_it_names_them_and_makes_none(program: Program) -> None:
    ended = program.run("doctor", "--json", API_KEY="", DATABASE_URL="")
    assert (ended.code, ended.err) == (1, "")
    found = {each["check"]: each for each in ended.events[0]["checks"]}
    assert found["key"]["finding"] == "key_missing"
    assert "blinkpos key set" in found["key"]["remedy"]
    assert found["database"]["finding"] == "database_not_made"
    assert not (program.folder / ".local" / "share").exists()


def test_bad_usage_is_two_and_a_bug_seventy(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, settings in ((("doctor", "--loud"), {}), (("doctor",), {"CURRENCY": "?"})):
        ended = program.run(*arguments, **settings)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err

    def fail(*, as_json: bool) -> int:
        raise ZeroDivisionError(as_json)

    monkeypatch.setattr(app, "doctor", fail)
    assert cli.main(["doctor", "--json"]) == 70
    assert "see the log" in capsys.readouterr().err
