"""The counter's cart: items, quantities, discounts, the note, and what a scanner reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from blinkpos_desktop.domain import cart as carts
from blinkpos_desktop.domain.cart import Cart, Discount
from blinkpos_desktop.domain.entry import MAX_ITEMS, Entry, Key, press
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.item import Item, same_currency
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.domain.scan import Burst, code_of, feed
from blinkpos_desktop.ui.viewmodels.counter import Counter
from blinkpos_desktop.ui.viewmodels.percent import percent_of, press_percent
from blinkpos_desktop.ui.viewmodels.view import DiscountEdit, Screen, Sound, TillView
from blinkpos_desktop.ui.viewmodels.words import TIMES, money_text

HOME: Final = frozenset({Screen.KEYPAD, Screen.ITEMS})
"""Where a sale is begun; the window's tabs are there."""


class Basket(Counter):
    """What is put together before it is charged for. What is typed goes into the cart as lines."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 (Counter's own)
        self._by_code: dict[str, Item] = {}
        self._burst = Burst()
        self._before: TillView | None = None
        self._came_from = Screen.KEYPAD
        super().__init__(**given)

    # -- the ways between keypad, items and cart ------------------------------------------------

    def open_keypad(self) -> None:
        """Go from the items to the keypad; what is in the cart stays."""
        if self._view.screen is Screen.ITEMS:
            self._set(screen=Screen.KEYPAD, error="", told="")

    def open_items(self) -> None:
        """Go from the keypad to the items."""
        if self._view.screen is Screen.KEYPAD:
            self._set(screen=Screen.ITEMS, error="", told="")

    def open_cart(self) -> None:
        """Show the cart; what was typed is a line of it from now on."""
        if self._view.screen in HOME:
            self.sound_wanted.emit(Sound.CLICK)
            self._came_from = self._view.screen
            self._change(lambda cart: cart, screen=Screen.CART)

    def _step_back(self) -> bool:
        """Leave what is being typed, or the cart, or the items; tell whether that was it."""
        view = self._view
        if view.screen is Screen.CART and self._is_editing:
            self._set(discounting=None, noting=None)
        elif view.screen is Screen.CART:
            self._set(screen=self._came_from, error="", told="")
        elif view.screen is Screen.ITEMS:
            self.open_keypad()
        else:
            return False
        return True

    @property
    def _is_editing(self) -> bool:
        return self._view.discounting is not None or self._view.noting is not None

    # -- the cart -------------------------------------------------------------------------------

    def press(self, key: Key) -> None:
        """Press a key of the keypad, or of a discount's."""
        view = self._view
        if view.screen is Screen.CART and view.discounting is not None:
            self.sound_wanted.emit(Sound.CLICK)
            self._set(discounting=self._typed(view.discounting, key))
        elif view.screen is not Screen.KEYPAD:
            return
        elif key is Key.PLUS and not view.cart.is_empty:
            self._change(lambda cart: cart)
        else:
            self.sound_wanted.emit(Sound.CLICK)
            cart = Cart(currency=view.entry.currency) if key is Key.CLEAR else view.cart
            self._set(entry=press(view.entry, key), cart=cart, error="", told="")

    def add(self, item: Item) -> None:
        """Put one more of an item into the cart."""
        if self._view.screen in HOME | {Screen.CART} and not self._is_editing:
            if self._view.basket.is_empty and self._is_ours(item.price.currency):
                # An item is sold in its own currency: an empty keypad turns to it.
                self._turn_to(item.price.currency)
            self._change(lambda cart: carts.put(cart, item), item=item)

    def set_quantity(self, at: int, quantity: int) -> None:
        """Set how many pieces the line number ``at`` has; fewer than one changes nothing."""
        if self._is_line(at) and quantity > 0:
            self._change(lambda cart: carts.set_quantity(cart, at, quantity))

    def take_out(self, at: int) -> None:
        """Take a line out."""
        if self._is_line(at):
            self._change(lambda cart: carts.take_out(cart, at))

    def take_again(self, cart: Cart) -> None:
        """Put the cart of an earlier sale on the counter again, if nothing is on it."""
        if self._view.screen not in HOME:
            return
        if not self._is_ours(cart.currency):
            self._refuse(self.tr("That sale was in another currency."))
            return
        if not self._view.basket.is_empty:
            self._refuse(self.tr("Something is typed already: clear it first."))
            return
        self._turn_to(cart.currency)
        currency = self._view.entry.currency
        if cart.is_plain and len(cart.lines) <= MAX_ITEMS:
            entry = Entry(currency=currency, items=cart.parts)
            note = Cart(currency=currency, note=cart.note)
            self._set(screen=Screen.KEYPAD, entry=entry, cart=note, error="", told="")
        else:
            self._set(
                screen=Screen.KEYPAD, cart=replace(cart, currency=currency), error="", told=""
            )

    # -- discounts and the note -----------------------------------------------------------------

    def open_discount(self, at: int | None) -> None:
        """Type a discount on the line number ``at``, or on the sum."""
        view = self._view
        if view.screen is Screen.CART and not view.cart.is_empty and not self._is_editing:
            self.sound_wanted.emit(Sound.CLICK)
            is_set = self._discount_at(at) is not None
            self._set(discounting=DiscountEdit(at=at, is_set=is_set), error="")

    def choose_kind(self, *, is_percent: bool) -> None:
        """Type a percentage, or an amount."""
        edit = self._view.discounting
        if edit is not None and edit.is_percent is not is_percent:
            new = replace(edit, is_percent=is_percent, text="", off=None)
            self._set(discounting=new)

    def use_discount(self) -> None:
        """Take the typed discount, if it is one."""
        edit = self._view.discounting
        discount = None if edit is None else self._discount(edit)
        if edit is not None and discount is not None:
            self._apply(edit.at, discount)

    def no_discount(self) -> None:
        """Take the discount away that is being edited."""
        edit = self._view.discounting
        if edit is not None:
            self._apply(edit.at, None)

    def open_note(self) -> None:
        """Type the sale's note."""
        if self._view.screen is Screen.CART and not self._is_editing:
            self.sound_wanted.emit(Sound.CLICK)
            self._set(noting=self._view.cart.note, error="")

    def type_note(self, text: str) -> None:
        """Take what stands in the note's line."""
        if self._view.noting is not None:
            self._set(noting=text)

    def keep_note(self) -> None:
        """Keep the typed note with the sale."""
        note = self._view.noting
        if note is not None:
            self._set(cart=carts.with_note(self._view.cart, note), noting=None)

    # -- the scanner ----------------------------------------------------------------------------

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        from blinkpos_desktop.domain.facts import ItemsChanged

        if isinstance(fact, ItemsChanged):
            self._by_code = {item.code: item for item in fact.items if item.code}
        super().on_fact(fact)

    def hear_key(self, letter: str, at_ms: int) -> None:
        """Take note of a key of the keyboard, before it is typed. It is typed all the same."""
        self._burst = feed(self._burst, letter, at_ms)
        if len(self._burst.text) == 1:
            self._before = self._view

    def hear_enter(self, at_ms: int) -> bool:
        """Tell whether this Enter ended a scanner's burst, and then find its item.

        What the burst had typed is taken back: it was never an amount.
        """
        code, before = code_of(self._burst, at_ms), self._before
        self.forget_keys()
        if not code or before is None:
            return False
        view = self._view
        is_same = (before.screen, before.entry.currency) == (view.screen, view.entry.currency)
        if is_same:
            self._set(
                entry=before.entry,
                cart=before.cart,
                custom=before.custom,
                discounting=before.discounting,
            )
        self._scanned(code)
        return True

    def forget_keys(self) -> None:
        """Begin anew: what comes next is no part of what was heard."""
        self._burst, self._before = Burst(), None

    def dismiss_success(self) -> None:
        """Go from the green screen to an empty keypad."""
        if self._view.screen is Screen.SUCCESS and not self._is_guarded():
            self._to_keypad()

    def _scanned(self, code: str) -> None:
        self.dismiss_success()
        if self._view.screen not in HOME | {Screen.CART} or self._is_editing:
            self.sound_wanted.emit(Sound.ERROR)
        elif code in self._by_code:
            self.add(self._by_code[code])
        else:
            self._refuse(self.tr("No item has the code {code}.").format(code=code))

    def _is_ours(self, currency: Currency) -> bool:
        """Whether this counter sells in a currency: the shop's, or sats."""
        return currency.is_sats or same_currency(currency, self._shop_currency)

    def _turn_to(self, currency: Currency) -> None:
        """Let an empty keypad be in a currency of ours."""
        ours = SATS if currency.is_sats else self._shop_currency
        if not same_currency(self._view.entry.currency, ours):
            self._set(entry=Entry(currency=ours), cart=Cart(currency=ours))

    # -- helpers --------------------------------------------------------------------------------

    def _change(
        self, change: Callable[[Cart], Cart], *, item: Item | None = None, **others: object
    ) -> None:
        """Change the cart, into which goes first what is typed; say why it can't be."""
        view = self._view
        try:
            cart = change(carts.put_typed(view.cart, view.entry.parts))
        except InputError as error:
            self._refuse(error.sentence)
            return
        self.sound_wanted.emit(Sound.CLICK)
        told = "" if item is None else self._told(cart, item)
        entry = Entry(currency=view.entry.currency)
        self._set(cart=cart, entry=entry, error="", told=told, **others)

    def _told(self, cart: Cart, item: Item) -> str:
        count = sum(line.quantity for line in cart.lines if line.item_id == item.id)
        return f"{count} {TIMES} {item.name}: {money_text(item.price)}"

    def _refuse(self, sentence: str) -> None:
        self.sound_wanted.emit(Sound.ERROR)
        self._set(error=sentence, told="")

    def _is_line(self, at: int) -> bool:
        view = self._view
        is_there = view.screen is Screen.CART and not self._is_editing
        return is_there and 0 <= at < len(view.cart.lines)

    def _discount_at(self, at: int | None) -> Discount | None:
        cart = self._view.cart
        return cart.discount if at is None else cart.lines[at].discount

    def _apply(self, at: int | None, discount: Discount | None) -> None:
        self._set(discounting=None)
        if at is None:
            self._change(lambda cart: carts.discount_sum(cart, discount))
        else:
            self._change(lambda cart: carts.discount_line(cart, at, discount))

    def _typed(self, edit: DiscountEdit, key: Key) -> DiscountEdit:
        if edit.is_percent:
            text = press_percent(edit.text, key)
        elif key is Key.PLUS:
            text = edit.text
        else:
            text = press(Entry(currency=self._view.cart.currency, text=edit.text), key).text
        edit = replace(edit, text=text)
        discount = self._discount(edit)
        cart = self._view.cart
        of = cart.sum_minor if edit.at is None else cart.lines[edit.at].full_minor
        off = None if discount is None else Money(minor=discount.of(of), currency=cart.currency)
        return replace(edit, off=off)

    def _discount(self, edit: DiscountEdit) -> Discount | None:
        if edit.is_percent:
            percent = percent_of(edit.text) or Fraction(0)
            return Discount(percent=percent) if percent else None
        minor = Entry(currency=self._view.cart.currency, text=edit.text).typed_minor
        return Discount(minor=minor) if minor else None
