"""Whom PostgreSQL runs as: it refuses root, and root runs tills too."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from blinkpos_desktop.domain.errors import SettingsError

_PROBE_SECONDS: Final = 10
_OVERFLOW_UID: Final = 65534
"""In a user namespace everybody from outside looks like this one."""
# Its folders may lie below root's own, which nobody else may enter.
_PASS_FOLDERS: Final = (
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUser:
    """What stands before a PostgreSQL program's command, and who must own its cluster."""

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None
    """Uid and gid; ``None`` when whoever makes the files owns them already."""

    def own(self, cluster: Path) -> None:
        """Give a cluster to the user that its server runs as; another machine's may differ."""
        if self.owner is None or cluster.stat().st_uid == self.owner[0]:
            return
        for folder, _, names in os.walk(cluster, topdown=False):
            for path in (*(Path(folder) / name for name in names), Path(folder)):
                os.chown(path, *self.owner, follow_symlinks=False)


@cache
def server_user() -> ServerUser:
    """Return whom this process runs PostgreSQL as.

    As root, in a user namespace of its own: root is somebody else there, and the
    files stay root's. Where the kernel gives no namespace (a chroot, most
    containers) as nobody, who may pass root's folders and owns the cluster.

    Raises:
        SettingsError: neither can be had.
    """
    if os.geteuid() != 0:
        return ServerUser()
    known = [each for each in pwd.getpwall() if each.pw_uid not in {0, _OVERFLOW_UID}]
    # initdb wants a user that the machine knows by name.
    for each in known[:1]:
        prefix: tuple[str, ...] = (
            "unshare",
            f"--map-user={each.pw_uid}",
            f"--map-group={each.pw_gid}",
        )
        if _works(prefix):
            return ServerUser(prefix=prefix, owner=(0, 0))
    for each in (each for each in pwd.getpwall() if each.pw_name == "nobody"):
        ids = (f"--reuid={each.pw_uid}", f"--regid={each.pw_gid}", "--clear-groups")
        prefix = ("setpriv", *ids, *_PASS_FOLDERS)
        if _works(prefix):
            return ServerUser(prefix=prefix, owner=(each.pw_uid, each.pw_gid))
    raise SettingsError(
        "The till's own database can't run as root on this machine: "
        "run the till as an ordinary user, or set BLINKPOS_DATABASE_URL."
    )


def _works(prefix: tuple[str, ...]) -> bool:
    try:
        ended = subprocess.run(  # noqa: S603 (the machine's own programs)
            [*prefix, "true"],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
