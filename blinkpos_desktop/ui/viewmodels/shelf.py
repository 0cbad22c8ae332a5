"""The shelf as the screens show it: which items, which category, and one being edited."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.item import Item, Tint, categories_of, parse_price
from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.ui.viewmodels.again import Again
from blinkpos_desktop.ui.viewmodels.numbers import with_point


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An item as it is being typed; ``of`` is what it was, None for a new one."""

    of: Item | None
    name: str = ""
    price: str = ""
    category: str = ""
    code: str = ""
    tint: Tint = Tint.PLAIN
    is_sold_out: bool = False
    wants_to_go: bool = False
    """It was to be removed: it asks once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfView:
    """The shelf at one moment."""

    currency: Currency
    items: tuple[Item, ...] = ()
    category: str = ""
    """The one that is shown; empty for all."""
    is_arranging: bool = False
    """A tap on an item edits it."""
    draft: Draft | None = None
    is_busy: bool = False
    error: str = ""
    """Why the last edit was not taken."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories there are."""
        return categories_of(self.items)

    @property
    def shown(self) -> tuple[Item, ...]:
        """The items of the category."""
        return tuple(i for i in self.items if self.category in {"", i.category})


class Shelf(QObject):
    """What can be sold at a tap, and its owner's edits.

    Signals:
        changed: a new ShelfView.
        save_wanted: an Item to store.
        remove_wanted: an Item to take off the shelf.
        swap_wanted: the ids of two items that are to change places.
    """

    changed = Signal(object)
    save_wanted = Signal(object)
    remove_wanted = Signal(object)
    swap_wanted = Signal(object, object)

    def __init__(self, *, currency: Currency, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.again = Again()
        self._is_moving = False
        self._view = ShelfView(currency=currency)

    @property
    def view(self) -> ShelfView:
        """The shelf now."""
        return self._view

    def choose(self, category: str) -> None:
        """Show the items of a category; empty for all."""
        self._set(category=category)

    def arrange(self, *, is_on: bool) -> None:
        """Let taps edit, or sell again."""
        self._set(is_arranging=is_on)

    # -- the editor -----------------------------------------------------------------------------

    def new(self) -> None:
        """Begin a new item, in the category that is shown."""
        self._edit(Draft(of=None, category=self._view.category))

    def edit(self, item: Item) -> None:
        """Edit an item."""
        # A price in another currency is typed anew.
        is_ours = item.price.currency.code == self._view.currency.code
        self._edit(
            Draft(
                of=item,
                name=item.name,
                price=with_point(item.price.decimal()) if is_ours else "",
                category=item.category,
                code=item.code,
                tint=item.tint,
                is_sold_out=item.is_sold_out,
            )
        )

    def write(self, **texts: str) -> None:
        """Take what stands in the editor's lines: ``name``, ``price``, ``category``, ``code``."""
        self._draft(**texts)

    def choose_tint(self, tint: Tint) -> None:
        """Give the button another colour."""
        self._draft(tint=tint)

    def mark_sold_out(self, *, is_sold_out: bool) -> None:
        """Say that there is none left, or that there is again."""
        self._draft(is_sold_out=is_sold_out)

    def save(self) -> None:
        """Have the draft stored, if it can be a button."""
        view, draft = self._view, self._view.draft
        if draft is None or view.is_busy:
            return
        try:
            item = Item(
                id=draft.of.id if draft.of else 0,
                version=draft.of.version if draft.of else 0,
                name=draft.name,
                price=parse_price(draft.price, view.currency),
                category=draft.category,
                code=draft.code,
                tint=draft.tint,
                is_sold_out=draft.is_sold_out,
            )
        except InputError as error:
            self._set(error=error.sentence)
            return
        self._set(is_busy=True, error="")
        self.save_wanted.emit(item)

    def remove(self) -> None:
        """Take the item off the shelf: the first time asks, the second time does it."""
        draft = self._view.draft
        if draft is None or draft.of is None or self._view.is_busy:
            return
        if not draft.wants_to_go:
            self.again.ask()
            self._draft(wants_to_go=True)
            return
        if not self.again.is_meant:
            return
        self._set(is_busy=True, error="")
        self.remove_wanted.emit(draft.of)

    def move(self, by: int) -> None:
        """Let the item change places with its neighbour among those that are shown."""
        draft, shown = self._view.draft, self._view.shown
        at = next((i for i, each in enumerate(shown) if self._is_edited(each)), None)
        if draft is None or at is None or self._view.is_busy or not 0 <= at + by < len(shown):
            return
        self._is_moving = True
        self._set(is_busy=True, error="")
        self.swap_wanted.emit(shown[at].id, shown[at + by].id)

    def can_move(self, by: int) -> bool:
        """Whether there is a neighbour on that side."""
        shown = self._view.shown
        at = next((i for i, each in enumerate(shown) if self._is_edited(each)), None)
        return at is not None and 0 <= at + by < len(shown)

    def back(self) -> None:
        """Leave the editor; what was typed is gone."""
        self._set(draft=None, error="", is_busy=False)

    # -- what has happened ----------------------------------------------------------------------

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import (
            ItemEdited,
            ItemEditFailed,
            ItemsChanged,
            ShopReady,
            TillRestarting,
        )

        match fact:
            case ShopReady():
                self._set(currency=fact.currency)
            case ItemsChanged():
                self._on_items(fact.items)
            case TillRestarting():
                self._set(items=(), category="")
            case ItemEdited() if self._view.is_busy:
                draft = self._view.draft if self._is_moving else None
                self._done(draft=draft, error="")
            case ItemEditFailed() if self._view.is_busy:
                self._done(error=fact.sentence)

    def _on_items(self, items: tuple[Item, ...]) -> None:
        category, draft = self._view.category, self._view.draft
        category = category if category in categories_of(items) else ""
        self._set(items=items, category=category, draft=_followed(draft, items))

    def _done(self, **changes: object) -> None:
        self._is_moving = False
        self._set(is_busy=False, **changes)

    # -- helpers --------------------------------------------------------------------------------

    def _is_edited(self, item: Item) -> bool:
        draft = self._view.draft
        return draft is not None and draft.of is not None and draft.of.id == item.id

    def _edit(self, draft: Draft) -> None:
        self._set(draft=draft, error="", is_busy=False)

    def _draft(self, **changes: object) -> None:
        draft = self._view.draft
        if draft is not None and not self._view.is_busy:
            changed = replace(draft, **{"wants_to_go": False, **changes})  # type: ignore[arg-type]
            self._set(draft=changed)

    def _set(self, **changes: object) -> None:
        new = replace(self._view, **changes)  # type: ignore[arg-type]
        if new != self._view:
            self._view = new
            self.changed.emit(new)


def _followed(draft: Draft | None, items: tuple[Item, ...]) -> Draft | None:
    """Return the draft of an item that has only changed its place since: nothing is written over.

    What another till wrote in it is left for the store to refuse.
    """
    if draft is None or draft.of is None:
        return draft
    was = draft.of
    now = next((item for item in items if item.id == was.id), None)
    if now is None or replace(now, version=was.version) != was:
        return draft
    return replace(draft, of=now)
