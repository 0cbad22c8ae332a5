"""Arguments in, one call out. Light to import: every command loads what it needs itself."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from typing import Final

from blinkpos_desktop import __version__
from blinkpos_desktop.domain.errors import InputError, SettingsError

BAD_USAGE: Final = 2
BUG: Final = 1
LEDGER_BUG: Final = 70
"""Where 1 says that the ledger differs, a bug must not say the same."""
_JUST_RUN: Final[tuple[list[str], ...]] = ([], ["run"])


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    if list(argv) in _JUST_RUN:
        # The till's start does not wait for the making of every other command's parser.
        options = argparse.Namespace(run=_run, bug=BUG)
    else:
        options = _parser().parse_args(argv)
    try:
        code: int = options.run(options)
    except (InputError, SettingsError) as error:
        print(f"blinkpos: {error.sentence}", file=sys.stderr)  # noqa: T201 (a person's sentence)
        return BAD_USAGE
    except KeyboardInterrupt:
        return 130
    except Exception:
        logging.getLogger(__name__).exception("a bug ended the program")
        print("blinkpos: something went wrong inside: see the log.", file=sys.stderr)  # noqa: T201
        bug: int = options.bug
        return bug
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blinkpos",
        description="A touchscreen till for Bitcoin Lightning payments with Blink.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"blinkpos {__version__}")
    parser.set_defaults(run=_run, bug=BUG)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    commands.add_parser("run", help="open the till (the default)").set_defaults(run=_run)

    demo = commands.add_parser("demo", help="see a sale happen, with money that is not real")
    demo.add_argument("--headless", action="store_true", help="without a window")
    demo.add_argument("--drive", action="store_true", help="with windows, the sale makes itself")
    demo.set_defaults(run=_demo)

    charge = commands.add_parser(
        "charge", help="make one sale without a screen", allow_abbrev=False
    )
    charge.add_argument("amount", metavar="AMOUNT", help="in the currency's own units: 21, 3.50")
    charge.add_argument("--currency", metavar="CODE", help="SATS, USD, … (default: the setting)")
    charge.add_argument("--tip-percent", metavar="P", default="0", help="0 to 100")
    charge.add_argument(
        "--tip-recipient",
        metavar="NAME[:SHARE]",
        action="append",
        default=[],
        help="a Blink username; may be repeated; replaces the setting",
    )
    charge.add_argument("--memo", metavar="TEXT", default="", help="comes before the made text")
    charge.add_argument("--timeout", metavar="S", type=_seconds, help="seconds to wait for payment")
    charge.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    charge.set_defaults(run=_charge)

    audit = commands.add_parser(
        "audit", help="prove that every sat is accounted for", allow_abbrev=False
    )
    audit.add_argument("--json", action="store_true", help="one JSON object on stdout")
    audit.set_defaults(run=_audit, bug=LEDGER_BUG)

    reconcile = commands.add_parser(
        "reconcile", help="compare the ledger with Blink's own books", allow_abbrev=False
    )
    reconcile.add_argument(
        "--since",
        metavar="WHEN",
        help="a date (2026-08-01) or a number of days (default: where the last run ended)",
    )
    reconcile.add_argument(
        "--fix", action="store_true", help="record what is proven, pass on what is unfinished"
    )
    reconcile.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    reconcile.set_defaults(run=_reconcile, bug=LEDGER_BUG)
    _add_attention(commands)
    _add_key(commands)
    doctor = commands.add_parser(
        "doctor", help="look at all that the till rests on; nothing is changed", allow_abbrev=False
    )
    doctor.add_argument("--json", action="store_true", help="one JSON object on stdout")
    doctor.set_defaults(run=_doctor, bug=LEDGER_BUG)
    _add_vault(commands)

    show = commands.add_parser("show", help="all that happened to a payment", allow_abbrev=False)
    show.add_argument(
        "key", metavar="HASH|NUMBER", help="of the payment, or of one of its transfers"
    )
    show.add_argument("--json", action="store_true", help="one JSON object on stdout")
    show.set_defaults(run=_show)
    return parser


def _add_attention(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    attention = commands.add_parser(
        "attention", help="what needs a person, and his choices", allow_abbrev=False
    )
    attention.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    attention.set_defaults(run=_attention, remedy=None)
    choices = attention.add_subparsers(title="choices", metavar="CHOICE")
    listing = choices.add_parser("list", help="list what waits (the default)", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    for remedy, help_ in (
        ("retry", "try the same invoice again"),
        ("send", "send it to another recipient"),
        ("keep", "keep it in the collecting wallet"),
        ("seen", "take note of an invoice that was paid after all"),
    ):
        one = choices.add_parser(remedy, help=help_, allow_abbrev=False)
        one.add_argument("id", metavar="ID", type=_number, help="the number in the list")
        if remedy == "send":
            one.add_argument("name", metavar="NAME", help="a Blink username")
        one.set_defaults(remedy=remedy)
    release = choices.add_parser(
        "release", help="forward again, after a hold's differences were seen", allow_abbrev=False
    )
    # The ledger itself has no number in the list.
    release.set_defaults(remedy="release", id=0)


def _add_vault(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = commands.add_parser(
        "backup", help="put the whole ledger into one proven file", allow_abbrev=False
    )
    backup.add_argument("--to", metavar="DIR", help="the folder (default: the setting)")
    # For the running till, which keeps the last ones only.
    backup.add_argument("--daily", action="store_true", help=argparse.SUPPRESS)
    backup.set_defaults(run=_backup)

    restore = commands.add_parser(
        "restore", help="put a backup into an empty database", allow_abbrev=False
    )
    restore.add_argument("file", metavar="FILE")
    restore.set_defaults(run=_restore)

    move = commands.add_parser(
        "move-to", help="move the built-in database's ledger to a server", allow_abbrev=False
    )
    move.add_argument("url", metavar="URL", help="postgresql://user@host/name, an empty database")
    move.add_argument(
        "--undo", action="store_true", help="take back a move that was cut short before it arrived"
    )
    move.set_defaults(run=_move_to)

    importing = commands.add_parser(
        "import", help="take over the history of the till before this one", allow_abbrev=False
    )
    importing.add_argument(
        "source", metavar="FILE", help=".tip-store.json, a CSV of its tables, or postgresql://…"
    )
    importing.add_argument(
        "--yes", "--apply", action="store_true", dest="apply", help="do it, and not only look"
    )
    importing.add_argument("--skip-bad", action="store_true", help="leave bad rows out")
    importing.set_defaults(run=_import)
    for each in (backup, restore, move, importing):
        each.add_argument("--json", action="store_true", help="one JSON object on stdout")
        each.set_defaults(bug=LEDGER_BUG)


def _add_key(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    key = commands.add_parser("key", help="store, check or forget the Blink key")
    whats = key.add_subparsers(title="what to do", metavar="WHAT", required=True)
    for what, help_ in (
        ("set", "store a key: it is asked for without an echo, or read from standard input"),
        ("check", "ask Blink what the keys may do"),
        ("forget", "forget a stored key"),
    ):
        one = whats.add_parser(what, help=help_, allow_abbrev=False)
        one.set_defaults(run=_key, what=what, bug=LEDGER_BUG, payout=False, file=False, json=False)
        # Taken to be refused without being shown: argparse repeats what it does not know.
        one.add_argument("given", nargs="*", help=argparse.SUPPRESS)
        if what == "check":
            one.add_argument("--json", action="store_true", help="one JSON object on stdout")
        else:
            one.add_argument("--payout", action="store_true", help="the key for paying alone")
        if what == "set":
            one.add_argument(
                "--file", action="store_true", help="a sealed file, though there is a keychain"
            )


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise argparse.ArgumentTypeError("must be a number of the list")
    return int(text)


def _seconds(text: str) -> float:
    # float() alone takes "nan", "1_0" and other scripts' digits.
    seconds = float(text) if re.fullmatch(r"[0-9]{0,9}\.?[0-9]{1,9}", text, re.ASCII) else 0.0
    if not seconds:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return seconds


def _run(_options: argparse.Namespace) -> int:
    from blinkpos_desktop import opening

    return opening.run_till()


def _demo(options: argparse.Namespace) -> int:
    from blinkpos_desktop.demo import runner

    return runner.run(headless=options.headless, drive=options.drive)


def _charge(options: argparse.Namespace) -> int:
    from blinkpos_desktop.operations.interruption import Interruption

    # Before anything slow is imported: a signal cancels from here on, and never kills.
    interruption = Interruption()
    interruption.start()
    from blinkpos_desktop import app

    code = app.charge(
        app.ChargeOptions(
            amount=options.amount,
            currency=options.currency,
            tip_percent=options.tip_percent,
            tip_recipients=options.tip_recipient,
            memo=options.memo,
            timeout=options.timeout,
            json=options.json,
        ),
        interruption,
    )
    interruption.stop()
    return code


def _attention(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.attention(
        remedy=options.remedy,
        transfer_id=getattr(options, "id", None),
        name=getattr(options, "name", ""),
        json=options.json,
    )


def _audit(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.audit(as_json=options.json)


def _show(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.show(options.key, as_json=options.json)


def _reconcile(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.reconcile(since=options.since, fix=options.fix, as_json=options.json)


def _key(options: argparse.Namespace) -> int:
    if options.given:
        raise InputError(
            "A key is no argument, which others can see: it is asked for, or read from standard "
            "input. If this was one, make another at Blink."
        )
    from blinkpos_desktop import app

    return app.key(
        what=options.what,
        kind="PAYOUT_KEY" if options.payout else "API_KEY",
        to_file=options.file,
        as_json=options.json,
    )


def _doctor(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.doctor(as_json=options.json)


def _backup(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.backup(to=options.to, daily=options.daily, as_json=options.json)


def _restore(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.restore(file=options.file, as_json=options.json)


def _move_to(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.move_to(url=options.url, undo=options.undo, as_json=options.json)


def _import(options: argparse.Namespace) -> int:
    from blinkpos_desktop import app

    return app.import_history(
        source=options.source,
        apply=options.apply,
        skip_bad=options.skip_bad,
        as_json=options.json,
    )
