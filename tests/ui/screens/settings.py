"""The Settings tab's states, for the pictures and the geometry: ``STATES``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from blinkpos_desktop.domain.facts import (
    LookedUp,
    SettingsLoaded,
    SettingsLoadFailed,
    SettingsSaveFailed,
)
from blinkpos_desktop.domain.options import Group, Kind, Sheet
from blinkpos_desktop.ui.viewmodels.settings import SettingsModel
from tests.ui.screens.stage import Stage

SHEET: Final = Sheet(
    stored={
        "MERCHANT": "cafe_am_see",
        "TIP_RECIPIENTS": "ana:60,ben:40",
        "TIP_PRESETS": "5,10,15",
        "CURRENCY": "EUR",
        "TIMEZONE": "Europe/Vienna",
        "DATABASE_URL": "postgresql://***@ledger.shop.example:5432/till",
        "BACKUP_PASSPHRASE": "***",
    },
    environment={"TILL": "the bar beside the swimming pool"},
    keys={"API_KEY": "the system's keychain"},
    defaults={"DATA_DIR": "/home/cashier/.local/share/blinkpos"},
    stamp="1",
    path="blinkpos.toml",
)


def model_of(stage: Stage) -> SettingsModel:
    model = stage.window.findChild(SettingsModel)
    assert model is not None
    return model


def opened(group: Group = Group.SALE) -> tuple[Stage, SettingsModel]:
    """Return a till with the tab open; Blink knows everybody but ``nobody``."""
    stage = Stage(network="regtest").ready()
    model = model_of(stage)

    def answer(kind: Kind, text: str) -> None:
        is_known = None if text == "far_away" else text not in {"nobody", "XYZ"}
        stage.tell(LookedUp(kind=kind, text=text, is_known=is_known))

    model.look_up_wanted.connect(answer)
    model.choose(group)
    stage.window.open_settings()
    stage.tell(SettingsLoaded(sheet=SHEET))
    stage.answers.append(SettingsLoaded(sheet=SHEET))
    return stage, model


def typed(model: SettingsModel, **texts: str) -> None:
    for name, text in texts.items():
        model.write(name, text)
    model._look_up()


def settings() -> Stage:
    return opened()[0]


def settings_loading() -> Stage:
    stage = Stage(network="regtest").ready()
    stage.window.open_settings()
    return stage


def settings_failed() -> Stage:
    stage = settings_loading()
    sentence = (
        "The settings file /home/cashier/.config/blinkpos/blinkpos.toml is not valid TOML: "
        "Expected '=' after a key in a key/value pair (at line 3, column 6)."
    )
    stage.answers.append(SettingsLoadFailed(sentence=sentence))
    return stage


def settings_wrong() -> Stage:
    stage, model = opened()
    typed(
        model,
        MERCHANT="cafe@blink.sv and more that can't be",
        TIP_RECIPIENTS="ana:60, nobody:20, ben:20",
        TIP_PRESETS="5,10,15,20,25",
        CURRENCY="XYZ",
    )
    model.save()
    return stage


def settings_unsure() -> Stage:
    stage, model = opened()
    typed(model, MERCHANT="far_away")
    model.save()
    return stage


def settings_leaving() -> Stage:
    stage, model = opened()
    typed(model, TIP_RECIPIENTS="eva", TIP_PRESETS="10")
    stage.window.history_tab.click()
    stage.later.append(stage.window.history_tab.click)
    return stage


def settings_saving() -> Stage:
    stage, model = opened()
    typed(model, TIP_PRESETS="10")
    stage.later.append(model.save)
    return stage


def settings_changed_meanwhile() -> Stage:
    stage, model = opened()
    typed(model, TIP_PRESETS="10")
    model.save()
    sentence = (
        "blinkpos.toml was changed by somebody else meanwhile. Look through it and save once more."
    )
    stage.tell(SettingsSaveFailed(sentence=sentence, sheet=SHEET))
    return stage


def settings_broken() -> Stage:
    """Somebody has broken the file, and it is saved."""
    stage, model = opened()
    typed(model, TIP_PRESETS="10")
    sentence = (
        "The settings file /home/cashier/.config/blinkpos/blinkpos.toml is not valid TOML: "
        "Expected '=' after a key in a key/value pair (at line 3, column 6)."
    )
    stage.later += [model.save, lambda: stage.tell(SettingsSaveFailed(sentence=sentence))]
    return stage


def settings_edited() -> Stage:
    stage, _ = opened()
    stage.answers.append(SettingsLoaded(sheet=replace(SHEET, is_in_force=False)))
    return stage


def settings_till() -> Stage:
    return opened(Group.TILL)[0]


def settings_look() -> Stage:
    stage, model = opened(Group.LOOK)
    typed(model, THEME="contrast", TEXT_SCALE="300")
    return stage


def settings_blink() -> Stage:
    stage, model = opened(Group.BLINK)
    typed(model, NETWORK="staging", API_URL="https://blink.example/graphql", PAYOUT_KEY="short")
    return stage


def settings_ledger() -> Stage:
    stage, model = opened(Group.LEDGER)
    model.remove("DATABASE_URL")
    typed(model, DATABASE_DIRECT_URL="mysql://elsewhere.example/till")
    return stage


def settings_backup() -> Stage:
    return opened(Group.BACKUP)[0]


def settings_watch() -> Stage:
    stage, model = opened(Group.WATCH)
    typed(model, METRICS_PORT="94640")
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    settings,
    settings_loading,
    settings_failed,
    settings_wrong,
    settings_unsure,
    settings_leaving,
    settings_saving,
    settings_changed_meanwhile,
    settings_broken,
    settings_edited,
    settings_till,
    settings_look,
    settings_blink,
    settings_ledger,
    settings_backup,
    settings_watch,
)
