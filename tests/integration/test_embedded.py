"""The embedded PostgreSQL: ours from its start to its end, after any kill, beside anything."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg
import pytest

from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.services.store import embedded as embedded_module
from blinkpos_desktop.services.store import server_user as user_module
from blinkpos_desktop.services.store.embedded import VERSION, EmbeddedPostgres

LIMIT = 60.0
_USER: Final = """
import sys
from pathlib import Path
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print("up", flush=True)
sys.stdin.readline()
server.stop()
print("left", flush=True)
"""


class User:
    """Another process that uses the same folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == word

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.says("left")
        self.end()

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        self.process.wait(LIMIT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose cluster was made once; the tests take copies, for initdb is slow."""
    folder = tmp_path_factory.mktemp("made")
    server = EmbeddedPostgres(folder)
    server.start()
    with psycopg.connect(server.conninfo) as connection:
        connection.execute("CREATE TABLE sales (sats int)")
        connection.execute("INSERT INTO sales VALUES (21)")
    server.stop()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A shop's folder, with a space in its name; it was moved here from another place."""
    place = tmp_path / "Application Support"
    shutil.copytree(made, place)
    return place


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder)
    yield server
    server.stop()


def _sales(server: EmbeddedPostgres) -> int:
    with psycopg.connect(server.conninfo) as connection:
        row = connection.execute("SELECT count(*) FROM sales").fetchone()
    assert row is not None
    return int(row[0])


def _is_up(server: EmbeddedPostgres) -> bool:
    try:
        psycopg.connect(server.conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


def _postmaster(folder: Path) -> int:
    """Its pid as we see it: its own file may hold another name space's."""
    cluster = folder / "postgresql" / VERSION
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            line = (process / "cmdline").read_bytes()
            if line.split(b"\0")[0].endswith(b"postgres") and os.fsencode(cluster) in line:
                return int(process.name)
    raise AssertionError("no postmaster")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_serves_in_a_folder_with_a_space_that_was_moved(server: EmbeddedPostgres) -> None:
    server.start()
    assert _sales(server) == 1
    server.start()  # twice is once
    assert _sales(server) == 1
    server.stop()
    assert not _is_up(server)
    server.stop()
    server.start()
    assert _sales(server) == 1


def test_it_listens_on_no_port_and_lets_nobody_else_in(
    folder: Path, server: EmbeddedPostgres
) -> None:
    folder.chmod(0o755)
    (folder / "notes.txt").write_text("the owner's own")
    before = _mode(folder.parent)
    server.start()
    with psycopg.connect(server.conninfo) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('fsync'), "
            "current_setting('synchronous_commit')"
        ).fetchone()
    assert row == ("", "on", "on")
    home = folder / "postgresql"
    assert [_mode(path) for path in (home, home / VERSION, home / "socket")] == [0o700] * 3
    # What is not ours is left as it is.
    assert (_mode(folder), _mode(folder.parent)) == (0o755, before)
    assert (folder / "notes.txt").read_text() == "the owner's own"


def test_a_new_folder_is_made_for_us_alone(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "a" / "b's, “data”")
    server.start()
    try:
        assert _is_up(server)
        assert _mode(tmp_path / "a" / "b's, “data”") == 0o700
    finally:
        server.stop()


def test_a_long_path_has_its_socket_elsewhere_for_us_alone(made: Path, tmp_path: Path) -> None:
    place = tmp_path / ("long" * 30) / ("path" * 30)
    shutil.copytree(made, place)
    server = EmbeddedPostgres(place)
    sockets = server._socket_dir
    assert len(str(sockets)) < 100
    server.start()
    try:
        assert _sales(server) == 1
        assert _mode(sockets) == 0o700
    finally:
        server.stop()
        shutil.rmtree(sockets)


def test_a_socket_folder_of_somebody_else_is_refused(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.rmtree(server._socket_dir, ignore_errors=True)
    server._socket_dir.symlink_to(elsewhere)
    with pytest.raises(SettingsError, match="somebody else"):
        server.start()


def test_the_last_one_out_stops_it(folder: Path, server: EmbeddedPostgres) -> None:
    users = [User(folder) for _ in range(2)]
    for user in users:
        user.says("up")
    server.start()
    users[0].leave()
    assert _is_up(server)
    server.stop()
    assert _is_up(server), "one is still there"
    users[1].leave()
    assert not _is_up(server)


def test_one_who_is_alone_keeps_everybody_out_and_comes_after_everybody(
    folder: Path, server: EmbeddedPostgres
) -> None:
    other = User(folder)
    other.says("up")
    with pytest.raises(SettingsError, match="end it first"):
        server.start(alone=True)
    other.leave()
    server.start(alone=True)
    assert _sales(server) == 1
    late = EmbeddedPostgres(folder)
    with pytest.raises(UnavailableError, match="being restored or moved"):
        late.start()
    server.stop()
    late.start()
    assert _sales(late) == 1
    late.stop()
    assert not _is_up(server)


def test_a_killed_owners_server_is_taken_over_and_stopped(
    folder: Path, server: EmbeddedPostgres
) -> None:
    user = User(folder)
    user.says("up")
    user.kill()
    assert _is_up(server), "nobody stopped it"
    server.start()
    assert _sales(server) == 1
    server.stop()
    assert not _is_up(server)


def test_a_killed_server_is_started_again_at_once(folder: Path, server: EmbeddedPostgres) -> None:
    server.start()
    for _ in range(2):
        with psycopg.connect(server.conninfo) as connection:
            connection.execute("INSERT INTO sales VALUES (1)")
        os.kill(_postmaster(folder), signal.SIGKILL)
        # At once: it may still be a zombie, its children alive, its files there.
        server.start()
    assert _sales(server) == 3


def test_owner_and_server_killed_together(folder: Path, server: EmbeddedPostgres) -> None:
    user = User(folder)
    user.says("up")
    os.kill(_postmaster(folder), signal.SIGKILL)
    user.kill()
    server.start()
    assert _sales(server) == 1


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def _name(folder: Path, pid: int) -> Path:
    file = folder / "postgresql" / VERSION / "postmaster.pid"
    socket = folder / "postgresql" / "socket"
    text = f"{pid}\n{file.parent}\n{int(time.time())}\n5432\n{socket}\n\n"
    file.write_text(text)
    return file


def test_a_stale_pid_file_that_names_a_living_stranger(
    folder: Path, server: EmbeddedPostgres, bystander: subprocess.Popen[bytes]
) -> None:
    _name(folder, bystander.pid)
    server.start()
    assert _sales(server) == 1
    assert bystander.poll() is None


def test_a_strangers_process_never_gets_the_signal_meant_for_the_server(
    folder: Path,
    server: EmbeddedPostgres,
    bystander: subprocess.Popen[bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server was killed, its pid is somebody else's now, and the last till leaves."""
    server.start()
    os.kill(_postmaster(folder), signal.SIGKILL)
    _name(folder, bystander.pid)
    server.stop()
    assert bystander.poll() is None
    assert "did not stop" in caplog.text


def test_another_postgresql_is_a_stranger_too(
    folder: Path, server: EmbeddedPostgres, made: Path
) -> None:
    other = EmbeddedPostgres(made)
    other.start()
    try:
        stranger = _postmaster(made)
        assert not embedded_module._is_server_of(folder / "postgresql" / VERSION, stranger)
        assert embedded_module._is_server_of(made / "postgresql" / VERSION, stranger)
        _name(folder, stranger)
        server.start()
        server.stop()
        assert _is_up(other)
    finally:
        other.stop()


def test_initdb_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    home = tmp_path / "postgresql"
    half = home / f"{VERSION}.new"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(tmp_path)
    server.start()
    try:
        assert _is_up(server)
        assert not half.exists()
    finally:
        server.stop()


def test_a_cluster_that_is_no_cluster_is_refused_and_not_touched(tmp_path: Path) -> None:
    place = tmp_path / "postgresql" / VERSION
    place.mkdir(parents=True)
    (place / "precious").write_text("x")
    with pytest.raises(SettingsError, match="can't be made"):
        EmbeddedPostgres(tmp_path).start()
    assert (place / "precious").read_text() == "x"


def test_a_server_that_does_not_start_is_said_so(
    folder: Path, server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_module, "START_SECONDS", 1)
    version = folder / "postgresql" / VERSION / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(UnavailableError, match="does not start") as caught:
        server.start()
    assert "server.log" in str(caught.value)
    version.write_text(f"{VERSION}\n")
    server.start()
    assert _sales(server) == 1


def test_a_start_that_hangs_in_another_process_is_not_waited_for_for_ever(
    folder: Path, server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(embedded_module, "START_SECONDS", 0.1)
    with (folder / "postgresql" / "start.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UnavailableError, match="by another program"):
            server.start()


def test_a_folder_that_cannot_be_made_is_the_owners_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="can't be used"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_nobodys_settings_and_no_secret_reach_the_server(
    folder: Path, server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATABASE", "nowhere")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setenv("BLINKPOS_API_KEY", "blink_secret")
    server.start()
    told = Path(f"/proc/{_postmaster(folder)}/environ").read_bytes()
    assert b"blink_secret" not in told
    assert b"PGPORT" not in told
    assert _sales(server) == 1


def test_leaving_twice_or_without_coming_is_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    EmbeddedPostgres(folder).stop()
    assert not caplog.records


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_root_where_the_kernel_gives_no_namespace(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chroot, and most containers: it runs as nobody there, and as root's own again elsewhere."""
    works = user_module._works
    user_module.server_user.cache_clear()
    cluster = folder / "postgresql" / VERSION
    try:
        with monkeypatch.context() as container:
            container.setattr(
                user_module, "_works", lambda prefix: prefix[0] != "unshare" and works(prefix)
            )
            (folder / "new").mkdir(mode=0o700)
            for place, made in ((folder, False), (folder / "new", True)):
                server = EmbeddedPostgres(place)
                server.start()
                with psycopg.connect(server.conninfo) as connection:
                    if not made:
                        connection.execute("INSERT INTO sales VALUES (2)")
                server.stop()
                assert (place / "postgresql" / VERSION).stat().st_uid not in {0, os.geteuid()}
        user_module.server_user.cache_clear()
        server = EmbeddedPostgres(folder)
        server.start()
        with psycopg.connect(server.conninfo) as connection:
            rows = connection.execute("SELECT sats FROM sales ORDER BY sats").fetchall()
        server.stop()
        assert rows == [(2,), (21,)]
        assert cluster.stat().st_uid == user_module.server_user().owner[0]  # type: ignore[index]
        with monkeypatch.context() as nowhere:
            nowhere.setattr(user_module, "_works", lambda _prefix: False)
            user_module.server_user.cache_clear()
            with pytest.raises(SettingsError, match="can't run as root"):
                EmbeddedPostgres(folder).start()
    finally:
        user_module.server_user.cache_clear()
