"""Changes the settings file: whole or not at all, and without touching what it need not.

The file is flat, so a small editor of its own does: a statement is the fewest lines that
are TOML by themselves. What comes out is read again before it is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.options import BY_NAME, LISTS, Kind
from blinkpos_desktop.settings import name_of, values_of_text

_NUMBER: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,8})?", re.ASCII)


class ChangedMeanwhileError(SettingsError):
    """Somebody else has changed the file since it was read: nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A settings file at one moment; empty where there is none."""

    text: str
    stamp: str
    """Tells one state from another."""


def read(path: Path) -> FileState:
    """Return the file as it is.

    Raises:
        SettingsError: it can't be read.
    """
    try:
        content = path.read_bytes()
        return FileState(text=content.decode(), stamp=hashlib.sha256(content).hexdigest())
    except FileNotFoundError:
        return FileState(text="", stamp="")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} cannot be read.", cause=str(error)
        ) from error


def change(path: Path, changes: Mapping[str, str | None], *, stamp: str) -> None:
    """Write changed settings, by name; None takes one out. ``stamp`` is what was read before.

    Raises:
        ChangedMeanwhileError: the file is another one now.
        SettingsError: it can't be written, or not without losing something.
    """
    state = _check(path, stamp)
    text = edited(state.text, changes, path)
    if text != state.text:
        _replace(path, text, stamp)


def edited(text: str, changes: Mapping[str, str | None], path: Path) -> str:
    """Return the file's text with changed settings; comments, order and spelling stay.

    Raises:
        SettingsError: this can't be done without losing something.
    """
    before = values_of_text(text, path)
    wanted = before | {name: _plain(name, value or "") for name, value in changes.items()}
    wanted = {name: value for name, value in wanted.items() if value}
    changed = {name for name in changes if before.get(name) != wanted.get(name)}
    pieces = _pieces(text)
    # What is named twice, in two spellings, is changed where it counts: the last time.
    last = {name: at for at, (name, _) in enumerate(pieces) if name}
    done = []
    for at, (name, piece) in enumerate(pieces):
        if name not in changed:
            done.append(piece)
        elif (value := wanted.get(name)) and at == last[name]:
            done.append(_rewritten(name, value, piece))
    added = [
        f"{name.lower()} = {_value(name, value)}\n"
        for name, value in wanted.items()
        if name in changed and name not in last
    ]
    result = "".join(done)
    if added and result and not result.endswith("\n"):
        result += "\n"
    result += "".join(added)
    if values_of_text(result, path) != wanted:
        raise SettingsError(
            f"The settings file {path} can't be changed without losing something: edit it by hand."
        )
    return result


def _plain(name: str, value: str) -> str:
    """Return a value as it is read back: a list without the spaces around its parts."""
    return ",".join(_parts(value)) if BY_NAME[name].kind in LISTS else value.strip()


def _pieces(text: str) -> list[tuple[str, str]]:
    """Cut a file into statements, each with its setting's name, and lines without one."""
    pieces: list[tuple[str, str]] = []
    held = ""
    for line in re.split(r"(?<=\n)", text):
        if not held and line.lstrip()[:1] in {"", "#"}:
            pieces.append(("", line))
            continue
        held += line
        try:
            table = tomllib.loads(held)
        except tomllib.TOMLDecodeError:
            continue  # a list or a text of several lines: it ends further down
        pieces.append((name_of(next(iter(table))), held))
        held = ""
    return pieces


def _rewritten(name: str, value: str, piece: str) -> str:
    """Return a statement with another value; its key and the comment behind it stay."""
    key = piece.partition("=")[0].rstrip()
    end = "\r\n" if piece.endswith("\r\n") else "\n" if piece.endswith("\n") else ""
    is_text = isinstance(next(iter(tomllib.loads(piece).values())), str)
    shown = _text(value) if is_text else _value(name, value)
    return f"{key} = {shown}{_comment(piece.rstrip())}{end}"


def _comment(piece: str) -> str:
    """Return the comment behind a statement with the spaces before it, if there is one."""
    table = tomllib.loads(piece)
    for found in re.finditer("#", piece):
        at = found.start()
        try:
            if tomllib.loads(piece[:at]) == table:
                return piece[len(piece[:at].rstrip()) :]
        except tomllib.TOMLDecodeError:
            continue  # a # within the value
    return ""


def _value(name: str, value: str) -> str:
    """Return a value as TOML: lists and numbers as such, anything else as a text."""
    kind = BY_NAME[name].kind
    if kind in LISTS:
        one = _number_or_text if kind is Kind.PERCENTS else _text
        return f"[{', '.join(one(part) for part in _parts(value))}]"
    return _number_or_text(value) if kind is Kind.NUMBER else _text(value)


def _parts(value: str) -> list[str]:
    parts = ("".join(part.split()) for part in value.split(","))
    return [part for part in parts if part]


def _number_or_text(value: str) -> str:
    # Only what is read back letter by letter.
    is_plain = _NUMBER.fullmatch(value) and not ("." in value and value.endswith("0"))
    return value if is_plain else _text(value)


def _text(value: str) -> str:
    """Return a text in TOML's quotes, which escape as JSON's do, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(path: Path, text: str, stamp: str) -> None:
    """Write beside the file, then take its place: a crash leaves the old one or the new one."""
    try:
        target = path.resolve() if path.is_symlink() else path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = _mode(target, text, path)
        fresh = target.with_name(f".{target.name}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.chmod(mode)
            # As late as can be: what somebody else has just written is not written over.
            _check(target, stamp)
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except (OSError, UnicodeEncodeError) as error:
        raise SettingsError(
            f"The settings file {path} can't be written: let this user write it, and look for "
            "room on the disk.",
            cause=str(error),
        ) from error


def _mode(target: Path, text: str, path: Path) -> int:
    """Return who may read it: as before, and nobody else once it holds a secret."""
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return 0o600
    has_secret = any(BY_NAME[name].is_secret for name in values_of_text(text, path))
    return mode & 0o700 if has_secret else mode


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(path: Path, stamp: str) -> FileState:
    state = read(path)
    if state.stamp != stamp:
        raise ChangedMeanwhileError(f"{path.name} was changed by somebody else meanwhile.")
    return state
