"""The settings file is changed whole or not at all, and keeps what its owner wrote."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.appearance import USUAL, Appearance
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.options import BY_NAME, OPTIONS, Group, Kind
from blinkpos_desktop.settings import load, values_of_text
from blinkpos_desktop.settings_file import ChangedMeanwhileError, change, edited, read

NOWHERE = Path("blinkpos.toml")
OWNERS = """\
# The cafe by the lake. Ask Ana before you change this.
BLINKPOS_MERCHANT = "cafe"   # ours since 2024

tip_recipients = [
    "ana:60",  # the bar
    "ben:40",
] # both of them
tip_presets = "5,10"
currency = 'EUR' # not "#USD"
till = "a # b"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "blinkpos.toml"


def test_comments_order_and_spelling_stay() -> None:
    changes = {
        "MERCHANT": "kiosk",
        "TIP_RECIPIENTS": "eva",
        "TIP_PRESETS": "10, 15",
        "CURRENCY": "USD",
        "TIMEZONE": "Europe/Vienna",
    }
    assert edited(OWNERS, changes, NOWHERE) == (
        """\
# The cafe by the lake. Ask Ana before you change this.
BLINKPOS_MERCHANT = "kiosk"   # ours since 2024

tip_recipients = ["eva"] # both of them
tip_presets = "10,15"
currency = "USD" # not "#USD"
till = "a # b"
timezone = "Europe/Vienna"
"""
    )


def test_what_does_not_change_is_not_touched() -> None:
    same = {"MERCHANT": "cafe", "TIP_RECIPIENTS": "ana:60, ben:40", "REDIS_URL": None}
    assert edited(OWNERS, same, NOWHERE) == OWNERS
    less = edited(OWNERS, {"TIP_RECIPIENTS": None, "CURRENCY": ""}, NOWHERE)
    assert less == OWNERS[: OWNERS.index("tip_rec")] + 'tip_presets = "5,10"\ntill = "a # b"\n'


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("", {"TILL": "bar"}, 'till = "bar"\n'),
        ("# nothing yet", {"TILL": "bar"}, '# nothing yet\ntill = "bar"\n'),
        ('till = "bar"', {"TILL": "pool"}, 'till = "pool"'),
        ('till = "bar"\r\n# b\r\n', {"TILL": "pool"}, 'till = "pool"\r\n# b\r\n'),
        ('"till" = "bar"\n', {"TILL": 'the "old" \\ bar'}, '"till" = "the \\"old\\" \\\\ bar"\n'),
        ('till = """\nbar\n"""\n', {"TILL": "pool"}, 'till = "pool"\n'),
        ('till = ""\n', {"TILL": "pool"}, 'till = "pool"\n'),
        ('till = "a"\nBLINKPOS_TILL = "b"\n', {"TILL": "c"}, 'BLINKPOS_TILL = "c"\n'),
        ("", {"TIP_PRESETS": "5, 7.5,10.0"}, 'tip_presets = [5, 7.5, "10.0"]\n'),
        ("", {"METRICS_PORT": "9464"}, "metrics_port = 9464\n"),
        ("metrics_port = 1 # local\n", {"METRICS_PORT": "2"}, "metrics_port = 2 # local\n"),
        ('metrics_port = "1"\n', {"METRICS_PORT": "2"}, 'metrics_port = "2"\n'),
    ],
)
def test_a_statement_is_changed_where_it_stands(
    before: str, changes: dict[str, str], after: str
) -> None:
    assert edited(before, changes, NOWHERE) == after


@given(
    st.dictionaries(
        st.sampled_from([each.name for each in OPTIONS if each.kind in {Kind.TEXT, Kind.FOLDER}]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    ),
    st.sampled_from(["", OWNERS, OWNERS.rstrip()]),
)
def test_any_text_comes_back(changes: dict[str, str], before: str) -> None:
    after = edited(before, changes, NOWHERE)
    read_back = values_of_text(after, NOWHERE)
    for name, text in changes.items():
        assert read_back.get(name, "") == text.strip()
    for name in values_of_text(before, NOWHERE).keys() - changes.keys():
        assert read_back[name] == values_of_text(before, NOWHERE)[name]
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]


def test_a_file_that_is_none_is_not_written_over(path: Path) -> None:
    path.write_text('till = "')
    with pytest.raises(SettingsError, match="not valid TOML"):
        change(path, {"TILL": "bar"}, stamp=read(path).stamp)
    assert path.read_text() == 'till = "'


def test_a_new_file_and_one_with_a_secret_are_their_owners_alone(path: Path) -> None:
    change(path, {"TILL": "bar"}, stamp="")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    change(path, {"TILL": "pool"}, stamp=read(path).stamp)
    assert path.stat().st_mode & 0o777 == 0o644
    change(path, {"REDIS_URL": "redis://:secret@cache.example"}, stamp=read(path).stamp)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o400)
    change(path, {"BACKUP_PASSPHRASE": "correct horse"}, stamp=read(path).stamp)
    assert path.stat().st_mode & 0o777 == 0o400
    assert load({}, path).till == "pool"


def test_a_link_stays_one_and_its_folder_is_made(tmp_path: Path) -> None:
    real, link = tmp_path / "etc" / "till.toml", tmp_path / "new" / "blinkpos.toml"
    change(link, {"TILL": "bar"}, stamp="")
    link.rename(tmp_path / "till.toml")
    real.parent.mkdir()
    (tmp_path / "till.toml").rename(real)
    link.symlink_to(real)
    change(link, {"TILL": "pool"}, stamp=read(link).stamp)
    assert link.is_symlink()
    assert tomllib.loads(real.read_text()) == {"till": "pool"}
    assert [each.name for each in real.parent.iterdir()] == ["till.toml"]


def test_what_somebody_else_wrote_is_not_written_over(path: Path) -> None:
    change(path, {"TILL": "bar"}, stamp="")
    stamp = read(path).stamp
    path.write_text('till = "garden"\n')
    with pytest.raises(ChangedMeanwhileError):
        change(path, {"TILL": "pool"}, stamp=stamp)
    assert path.read_text() == 'till = "garden"\n'


def test_not_even_in_the_last_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text('till = "bar"\n')

    def meanwhile(_descriptor: int) -> None:
        path.write_text('till = "garden"\n')

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(ChangedMeanwhileError):
        change(path, {"TILL": "pool"}, stamp=read(path).stamp)
    assert path.read_text() == 'till = "garden"\n'
    assert list(path.parent.iterdir()) == [path]


class _Crash(BaseException):
    """The program is gone."""


def test_a_crash_before_the_rename_leaves_the_old_file_and_hinders_nobody(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text('till = "bar" # ours\n')
    with monkeypatch.context() as patched:
        # Neither the rename nor any clean-up takes place.
        patched.setattr(Path, "replace", _crash)
        patched.setattr(Path, "unlink", lambda *_args, **_kwargs: None)
        with pytest.raises(_Crash):
            change(path, {"TILL": "pool"}, stamp=read(path).stamp)
    assert path.read_text() == 'till = "bar" # ours\n'
    assert (path.parent / ".blinkpos.toml.new").stat().st_mode & 0o777 == 0o644
    change(path, {"TILL": "pool"}, stamp=read(path).stamp)
    assert path.read_text() == 'till = "pool" # ours\n'
    assert list(path.parent.iterdir()) == [path]


def _crash(*_args: object) -> None:
    raise _Crash


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be read"):
        change(tmp_path / "file" / "blinkpos.toml", {"TILL": "bar"}, stamp="")


def test_every_option_is_a_field_of_the_settings_or_chooses_them() -> None:
    known = load({}, NOWHERE)
    names = {each.name for each in OPTIONS}
    assert len(names) == len(OPTIONS)
    looks = {each.name for each in OPTIONS if each.group is Group.LOOK}
    chosen = {"NETWORK", *looks}
    assert names - chosen == {n for n in names if hasattr(known, n.lower())}
    assert BY_NAME.keys() == names


def test_every_option_of_the_look_is_a_part_of_the_appearance() -> None:
    looks = [each for each in OPTIONS if each.group is Group.LOOK]
    assert len(looks) == len(fields(Appearance))
    for each in looks:
        other = each.choices[-1] if each.choices else "20" if each.name != "TEXT_SCALE" else "150"
        given = load({f"BLINKPOS_{each.name}": other}, NOWHERE).appearance
        differs = [
            f.name for f in fields(USUAL) if getattr(given, f.name) != getattr(USUAL, f.name)
        ]
        assert len(differs) == 1
