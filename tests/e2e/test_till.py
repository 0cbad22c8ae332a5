"""The real till as a process: its stories, its start, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import history
from blinkpos_desktop.settings import Secret, Settings, config_file
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.e2e import settings_story
from tests.e2e.tabs_story import PAST, PAST_HUNG
from tests.integration.stores import store_at
from tests.support import ledger
from tests.support.servers import PostgresServer

ROOT = Path(__file__).resolve().parents[2]


def play(
    name: str, settings: Settings, simulator: Simulator, *, ends_with: int = 0, **more: str
) -> None:
    """Play one of the stories in a process of its own, with these settings."""
    assert settings.database_url is not None
    given = {
        "API_URL": settings.api_url,
        "WS_URL": settings.ws_url,
        "API_KEY": settings.api_key.reveal() if settings.api_key else "",
        "MERCHANT": settings.merchant or "",
        "DATABASE_URL": settings.database_url.reveal(),
        "DATA_DIR": str(settings.data_dir),
    } | more
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.stories", name, simulator.control_url],
        cwd=ROOT,
        env=os.environ | {f"BLINKPOS_{key}": value for key, value in given.items()},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == ends_with, done.stdout + done.stderr


def test_green_belongs_to_the_payment_on_the_screen_and_late_money_is_a_line(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    play("late_money", make_settings(), simulator)
    assert simulator.control.balances()["cafe"]["BTC"] == 26
    simulator.control.verify()


def test_the_customers_phone_shows_the_invoice_and_pays_it(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    play("phone_pays", make_settings(), simulator)
    assert simulator.control.balances()["cafe"]["BTC"] == 21


def test_a_tap_on_the_status_line_shows_how_everything_is(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    play("health", make_settings(), simulator)


async def test_an_owner_looks_back_finds_a_sale_and_sees_tips_come_in(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with store_at(database_url):
        pass
    history.make(database_url, PAST)
    play("looks_back", make_settings(), simulator, TIP_RECIPIENTS="elturco")
    simulator.control.verify()


async def test_a_hung_database_is_said_in_the_history_with_a_retry(
    make_settings: SettingsMaker, simulator: Simulator, tmp_path: Path
) -> None:
    server = PostgresServer(tmp_path / "server")
    try:
        url = server.fresh_database()
        async with store_at(url):
            pass
        history.make(url, PAST_HUNG)
        settings = make_settings(database_url=Secret(url))
        play("waits_for_history", settings, simulator, SERVER_FOLDER=str(tmp_path / "server"))
    finally:
        server.stop()


def test_without_a_key_the_window_opens_and_says_how_to_set_one(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    play("no_key", make_settings(api_key=None), simulator)


def test_a_tap_finds_the_payment_without_the_socket_and_with_both_cut_it_is_said(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    play("check_now", make_settings(), simulator)
    assert simulator.control.balances()["cafe"]["BTC"] == 21


def test_a_sale_outlives_the_killed_till_is_taken_up_and_goes_green(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    play("killed", settings, simulator, ends_with=-signal.SIGKILL)
    play("taken_up", settings, simulator)
    assert simulator.control.balances()["cafe"]["BTC"] == 21
    simulator.control.verify()


def test_items_are_made_tapped_scanned_discounted_paid_and_sold_again(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    play("sells_items", make_settings(), simulator)
    first, again = ledger.rows(database_url, "SELECT state, sold, note FROM payments ORDER BY id")
    assert first["state"] == "completed"
    assert first["note"] == "table 4"
    lines = [(line["name"], line["quantity"], line["minor"]) for line in first["sold"]["lines"]]
    assert lines == [("Coffee", 2, 600), ("", 1, 5), ("Beans", 1, 1200)]
    assert first["sold"]["discount"] == {"percent": "10", "off_minor": 181}
    assert (again["sold"], again["note"]) == (first["sold"], first["note"])
    assert simulator.control.balances()["cafe"]["BTC"] == 1624
    simulator.control.verify()


@pytest.mark.parametrize("story", ["sells_by_touch", "sells_by_keyboard"])
def test_a_sale_is_made_at_each_of_the_four_sizes(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str, story: str
) -> None:
    play(story, make_settings(), simulator, TIP_RECIPIENTS="elturco")
    sales = ledger.rows(database_url, "SELECT state, total_sats, tip_sats FROM payments")
    assert [tuple(each.values()) for each in sales] == [("completed", 23, 2)] * 4
    sent = ledger.rows(database_url, "SELECT state FROM transfers")
    assert [each["state"] for each in sent] == ["settled"] * 8
    balances = simulator.control.balances()
    assert [balances[name]["BTC"] for name in ("till", "cafe", "elturco")] == [0, 84, 8]
    simulator.control.verify()


def test_the_new_code_waits_three_seconds_for_the_old_ones_end_and_then_says_so(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    play("changes_the_amount", make_settings(), simulator)
    simulator.control.verify()


def test_a_person_at_the_till_agrees_to_a_price_that_moved_far(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    play("agrees_to_a_price", make_settings(), simulator, CURRENCY="USD")
    sales = ledger.rows(database_url, "SELECT total_sats FROM payments ORDER BY id")
    assert [each["total_sats"] for each in sales] == [5000, 21, 3846]
    [agreed] = ledger.rows(database_url, "SELECT base, scale FROM prices WHERE is_agreed")
    assert agreed["base"] * 10 ** (12 - agreed["scale"]) == 130_000_000_000


def test_an_owner_sets_things_and_the_next_sale_has_them(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(settings_story.FILE, encoding="utf-8")
    # Nothing that is set at the screen may come from the environment.
    play("sets_things", make_settings(), simulator, MERCHANT="")
    balances = simulator.control.balances()
    received = {name: balances[name]["BTC"] for name in ("cafe", "elturco", "ben", "ana")}
    assert received == {"cafe": 50, "elturco": 5, "ben": 160, "ana": 32}
    tills = ledger.rows(database_url, "SELECT till FROM payments ORDER BY id")
    assert [row["till"] for row in tills] == ["counter", "counter", "terrace"]
    simulator.control.verify()


def test_an_open_till_backs_up_each_day(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    play("backs_up", make_settings(), simulator)
    [row] = ledger.rows(database_url, "SELECT place, verified_in FROM backups")
    assert Path(row["place"]).exists()
    assert row["verified_in"] == "same_server"


def test_the_keypad_is_painted_before_anything_heavy_is_imported() -> None:
    heavy = ("psycopg", "httpx", "redis", "websockets", "bolt11", "asyncio", "qrcode")
    program = f"""
import sys
from pathlib import Path
from blinkpos_desktop import till_window
from blinkpos_desktop.settings import Settings, config_file
from PySide6.QtCore import QTimer

def painted(app):
    original(app)
    print("PAINTED", *[name for name in {heavy!r} if name in sys.modules], flush=True)
    raise SystemExit(0)

original = till_window._paint_first
till_window._paint_first = painted
from blinkpos_desktop.ui import main_window
real = main_window.MainWindow.paintEvent
def paint(self, event):
    real(self, event)
    print("KEYPAD", flush=True)
main_window.MainWindow.paintEvent = paint
till_window.run(Settings(api_url="http://127.0.0.1:9", ws_url="ws://127.0.0.1:9",
    data_dir=Path("data"), state_dir=Path("state")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["KEYPAD", "PAINTED"], done.stdout + done.stderr


def test_a_signal_ends_the_till_cleanly(tmp_path: Path) -> None:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "BLINKPOS_DATA_DIR": str(tmp_path / "a folder"),
        "HOME": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "blinkpos_desktop", "run"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _end_by_signal(process, tmp_path)


def _end_by_signal(process: subprocess.Popen[str], tmp_path: Path) -> None:
    server = tmp_path / "a folder" / "postgresql" / "18" / "postmaster.pid"
    log = tmp_path / "xdg_state_home" / "blinkpos" / "log" / "blinkpos.log"
    while "the till cannot sell" not in (log.read_text() if log.exists() else ""):
        assert process.poll() is None
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    assert server.exists()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    # The last one out has stopped the database.
    assert not server.exists()
