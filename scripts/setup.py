"""Put the whole product into .venv; with `lock`, write the lock files anew.

`make setup` runs it through setup.sh, which finds a Python. Standard library only. It touches
nothing outside the checkout, except that on Debian and its relatives it installs missing system
libraries as root, or where sudo asks for no password.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "scripts" / "uv.requirements"
STAMP = VENV / "setup.stamp"
PLACE = VENV / "setup.place"
OLDEST_UV = (0, 5)
COMPILE = (
    *("--universal", "--generate-hashes", "--python-version", "3.11"),
    *("--no-header", "--no-annotate", "--quiet"),
)


UNREACHABLE = (
    "If they speak of a connection,\n  this machine can't reach its index of Python packages: check"
    " the network, or name your\n  index in PIP_INDEX_URL (uv is told too) and run this again."
)


class SetupError(Exception):
    """Set-up can't go on; the text says why and what to do."""


def say(text: str) -> None:
    """One line per step."""
    print(f"setup: {text}", flush=True)


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> bool:
    """Run a step with its errors in sight and without stdin; say whether it went well."""
    done = subprocess.run(command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0


# --- the system's libraries


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library of the system, what needs it, and the Debian package that holds it."""

    need: str
    soname: str
    package: str


LIBRARIES = (
    Library("Qt", "libGL.so.1", "libgl1"),
    Library("Qt", "libEGL.so.1", "libegl1"),
    Library("Qt", "libxkbcommon.so.0", "libxkbcommon0"),
    Library("Qt", "libfontconfig.so.1", "libfontconfig1"),
    Library("Qt", "libdbus-1.so.3", "libdbus-1-3"),
    Library("Qt", "libglib-2.0.so.0", "libglib2.0-0"),
    Library("a window", "libxcb-cursor.so.0", "libxcb-cursor0"),
    Library("a window", "libxcb-icccm.so.4", "libxcb-icccm4"),
    Library("a window", "libxcb-keysyms.so.1", "libxcb-keysyms1"),
    Library("a window", "libxcb-image.so.0", "libxcb-image0"),
    Library("a window", "libxcb-render-util.so.0", "libxcb-render-util0"),
    Library("a window", "libxcb-xinerama.so.0", "libxcb-xinerama0"),
    Library("a window", "libxcb-shape.so.0", "libxcb-shape0"),
    Library("a window", "libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    Library("a Wayland window", "libwayland-cursor.so.0", "libwayland-cursor0"),
    Library("a Wayland window", "libwayland-egl.so.1", "libwayland-egl1"),
    Library("sound", "libpulse.so.0", "libpulse0"),
    Library("sound", "libXrandr.so.2", "libxrandr2"),
)


def loads(soname: str) -> bool:
    """Ask the dynamic linker, as Qt will when the till starts."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def lacking(libraries: Iterable[Library]) -> list[Library]:
    """Tell which of these this machine lacks; macOS needs none."""
    if sys.platform != "linux":
        return []
    return [library for library in libraries if not loads(library.soname)]


def indispensable(env: Mapping[str, str]) -> set[str]:
    """Tell the needs without which the till can't start in this environment."""
    if env.get("WAYLAND_DISPLAY") and not env.get("DISPLAY"):
        return {"Qt", "a Wayland window"}
    return {"Qt", "a window"} if env.get("DISPLAY") else {"Qt"}


def apt_install(libraries: Iterable[Library]) -> list[str]:
    """Give the command that brings these libraries."""
    packages = sorted({library.package for library in libraries})
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def explain(libraries: Sequence[Library], *, debian: bool) -> str:
    """Name what is missing, for what, and what brings it."""
    needs = ", ".join(dict.fromkeys(library.need for library in libraries))
    if debian:
        command = shlex.join(apt_install(libraries))
        return f"system libraries are missing (for {needs}). This brings them:\n  sudo {command}"
    names = " ".join(library.soname for library in libraries)
    return (
        f"system libraries are missing (for {needs}). Your distribution's packages have:\n  {names}"
    )


def as_root() -> list[str] | None:
    """Tell how to run a command as root without asking anybody; None where that can't be."""
    if os.geteuid() == 0:
        return []
    asks = (
        subprocess.run(
            ["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if shutil.which("sudo")
        else None
    )
    return ["sudo", "-n"] if asks and asks.returncode == 0 else None


def install(libraries: Sequence[Library]) -> None:
    """Bring them by apt-get where that may be done; what still lacks afterwards is the measure."""
    root = as_root()
    if root is None:
        return
    install_command = apt_install(libraries)
    say("installing system libraries: " + " ".join(install_command[4:]))
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    quiet = ["-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"]
    with (TOOLS / "apt.log").open("w", encoding="utf-8") as log:
        for rest in (["update"], install_command[1:]):
            done = subprocess.run(
                [*apt, *quiet, *rest],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode != 0:
                say(f"apt-get {rest[0]} failed; its words are in .tools/apt.log")


def have_libraries(*, all_of_them: bool) -> None:
    """Have those without which nothing runs; when asked, also try for the others."""
    must = indispensable(os.environ)
    if not all_of_them and not lacking(library for library in LIBRARIES if library.need in must):
        return
    lack = lacking(LIBRARIES)
    debian = shutil.which("apt-get") is not None
    if debian and lack:
        install(lack)
        lack = lacking(lack)
    if any(library.need in must for library in lack):
        raise SetupError(explain(lack, debian=debian))
    if lack:
        say("going on, but " + explain(lack, debian=debian))


# --- Python's packages


def package_env(env: Mapping[str, str]) -> dict[str, str]:
    """Give uv the person's environment, with pip's index where uv has no setting of its own."""
    result = dict(env)
    result["UV_PYTHON_DOWNLOADS"] = "never"
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & result.keys() and result.get("PIP_INDEX_URL"):
        result["UV_DEFAULT_INDEX"] = result["PIP_INDEX_URL"]
    if "SSL_CERT_FILE" not in result and result.get("PIP_CERT"):
        result["SSL_CERT_FILE"] = result["PIP_CERT"]
    return result


def is_usable_uv(uv: str | Path) -> bool:
    """Tell whether this uv runs and is young enough."""
    try:
        done = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    found = re.match(r"uv (\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_UV


def have_uv() -> Path:
    """Find uv on PATH or in .tools, else get it there without touching the system's Python."""
    on_path = shutil.which("uv")
    if on_path and is_usable_uv(on_path):
        return Path(on_path)
    uv = TOOLS / "bin" / "uv"
    if is_usable_uv(uv):
        return uv
    say("getting uv into .tools")
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        raise SetupError(
            f"{sys.executable} has no pip to get uv with."
            " Install pip (Debian, Ubuntu: sudo apt-get install python3-pip) or uv."
        )
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    target: list[str | Path] = [
        "--target",
        TOOLS,
        "--upgrade",
        "--no-deps",
        "--require-hashes",
        "-r",
        UV_LOCK,
    ]
    env = {
        **os.environ,
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    if not run([*pip, "install", *quiet, *target], env) or not is_usable_uv(uv):
        raise SetupError("uv could not be got by pip; its words are above. " + UNREACHABLE)
    return uv


def base_python() -> str:
    """Name the interpreter that the environment stands on, from inside another one too."""
    return getattr(sys, "_base_executable", None) or sys.executable


def environment_works() -> bool:
    """Tell whether .venv has a Python that starts and is one of those that setup.sh takes."""
    test = "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
    try:
        done = subprocess.run([VENV / "bin" / "python", "-c", test], check=False)
    except OSError:
        return False
    return done.returncode == 0


def fingerprint() -> str:
    """Sum up what .venv was made from: the files that say so, its Python and its place."""
    digest = hashlib.sha256(os.fsencode(ROOT))
    for path in (LOCK, ROOT / "pyproject.toml", Path(__file__), VENV / "pyvenv.cfg"):
        digest.update(path.read_bytes() if path.exists() else b"none")
        digest.update(b"\0")
    return digest.hexdigest()


def is_ready() -> bool:
    """Tell whether .venv is what these files make."""
    python = VENV / "bin" / "python"  # a dangling link when its interpreter went away
    return python.exists() and STAMP.exists() and STAMP.read_text() == fingerprint()


def make_environment(uv: Path) -> None:
    """Make .venv what the lock says, and the project itself a part of it."""
    env = package_env(os.environ)
    calm = [] if sys.stderr.isatty() else ["--quiet"]
    python = VENV / "bin" / "python"
    moved = PLACE.exists() and PLACE.read_text() != str(ROOT)  # its scripts name their place
    if moved or not environment_works():
        say(f"making .venv with Python {sys.version.split()[0]}")
        shutil.rmtree(VENV, ignore_errors=True)
        if not run([uv, "venv", "--quiet", "--python", base_python(), VENV], env):
            raise SetupError("uv could not make .venv; its words are above.")
        PLACE.write_text(str(ROOT))
    STAMP.unlink(missing_ok=True)
    say("installing the locked packages (some 400 MB the first time)")
    at: list[str | Path] = ["--python", python]
    if not run([uv, "pip", "sync", *calm, *at, "--require-hashes", LOCK], env):
        raise SetupError(
            "the packages could not be installed; uv's words are above. " + UNREACHABLE
        )
    say("installing the project itself")
    own: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", "."]
    if not run([uv, "pip", "install", *calm, *at, *own], env):
        raise SetupError("the project could not be installed; uv's words are above.")
    STAMP.write_text(fingerprint())


def setup() -> None:
    """Have everything; quick when it's there."""
    ready = is_ready()
    have_libraries(all_of_them=not ready)
    if ready:
        return
    started = time.monotonic()
    make_environment(have_uv())
    say(f"ready after {time.monotonic() - started:.0f} s")


def lock(options: Sequence[str]) -> None:
    """Write the lock files anew, naming nobody's index; `--upgrade` moves every version."""
    uv = have_uv()
    env = package_env(os.environ)
    groups = ["--extra", "simulator", "--group", "dev", "pyproject.toml"]
    for what, output in ((groups, LOCK), (["scripts/uv.in"], UV_LOCK)):
        say(f"resolving {what[-1]} into {output.relative_to(ROOT)}")
        if not run([uv, "pip", "compile", *COMPILE, *options, *what, "-o", output], env):
            raise SetupError("uv could not resolve the packages; its words are above.")


def main(arguments: Sequence[str]) -> int:
    """Do what was asked, one at a time in this checkout."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "setup.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            if arguments[:1] == ["lock"]:
                lock(arguments[1:])
            else:
                setup()
        except SetupError as error:
            print(f"setup: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
