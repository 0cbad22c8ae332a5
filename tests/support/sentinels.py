"""Redis as a shop with several servers runs it: a primary, a replica, and three Sentinels."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from tests.support.servers import free_port, serving

USER, PASSWORD, GUARD = "till", "a/pass@word", "guards"
_ACL = f"user {USER} on >{PASSWORD} ~* &* +@all"


@dataclass(slots=True)
class Watched:
    """The running processes."""

    program: Path
    folder: Path
    stack: ExitStack
    servers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    sentinels: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """BLINKPOS_REDIS_URL for it; the first Sentinel of the list does not exist."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in (9, *self.sentinels))
        password = PASSWORD.replace("@", "%40").replace("/", "%2F")
        return f"redis+sentinel://{USER}:{password}@{hosts}/shop/0?sentinel_password={GUARD}"

    def primary(self) -> int:
        """Return the port of the server that the Sentinels name."""
        with Redis(port=next(iter(self.sentinels)), password=GUARD) as sentinel:
            answer = sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop")
        return int(answer[1])

    def look(self, port: int) -> Redis:
        """Return a look into one of the servers."""
        return Redis(port=port, username=USER, password=PASSWORD, socket_timeout=5)

    def serve(self, port: int, *, replica_of: int | None = None) -> None:
        """Start a server."""
        users = self.folder / "users.acl"
        users.write_text(f"{_ACL}\nuser default off\n")
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--dir", str(self.folder), "--aclfile", str(users)]
        options += ["--masteruser", USER, "--masterauth", PASSWORD]
        options += ["--repl-diskless-sync-delay", "0"]
        if replica_of is not None:
            options += ["--replicaof", f"127.0.0.1 {replica_of}"]
        self.servers[port] = self.stack.enter_context(
            serving([str(self.program), *options], port, self.folder)
        )

    def guard(self, primary: int) -> None:
        """Start a Sentinel."""
        port = free_port()
        conf = self.folder / f"sentinel-{port}.conf"
        conf.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"requirepass {GUARD}\nsentinel sentinel-pass {GUARD}\n"
            f"sentinel monitor shop 127.0.0.1 {primary} 2\n"
            f"sentinel auth-user shop {USER}\nsentinel auth-pass shop {PASSWORD}\n"
            "sentinel down-after-milliseconds shop 500\nsentinel failover-timeout shop 3000\n"
        )
        self.sentinels[port] = self.stack.enter_context(
            serving([str(self.program), str(conf), "--sentinel"], port, self.folder)
        )


@contextmanager
def watched_redis(program: Path, folder: Path) -> Iterator[Watched]:
    """Run two servers and three Sentinels."""
    with ExitStack() as stack:
        watched = Watched(program, folder, stack)
        primary, replica = free_port(), free_port()
        watched.serve(primary)
        watched.serve(replica, replica_of=primary)
        for _ in range(3):
            watched.guard(primary)
        yield watched
