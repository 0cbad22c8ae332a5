-- name: items
-- The shelf, in the order of its buttons.
SELECT id, version, name, price_minor, currency, currency_digits, currency_symbol, tint, category,
    code, is_sold_out
FROM items WHERE removed_at IS NULL
ORDER BY position, id;

-- name: item_mark
-- Another number after every change: each raises a version.
SELECT coalesce(sum(version), 0)::bigint AS mark FROM items;

-- name: insert_item
-- Behind the others, while there is room.
INSERT INTO items (name, price_minor, currency, currency_digits, currency_symbol, tint, category,
    code, is_sold_out, position, till, process)
SELECT %(name)s, %(price_minor)s, %(currency)s, %(currency_digits)s, %(currency_symbol)s, %(tint)s,
    %(category)s, %(code)s, %(is_sold_out)s, coalesce(max(position), 0) + 1, %(till)s, %(process)s
FROM items WHERE removed_at IS NULL
HAVING count(*) < %(most)s
RETURNING id;

-- name: update_item
-- Only what its editor has seen.
UPDATE items SET name = %(name)s, price_minor = %(price_minor)s, currency = %(currency)s,
    currency_digits = %(currency_digits)s, currency_symbol = %(currency_symbol)s, tint = %(tint)s,
    category = %(category)s, code = %(code)s, is_sold_out = %(is_sold_out)s, version = version + 1,
    till = %(till)s, process = %(process)s, changed_at = now()
WHERE id = %(id)s AND version = %(version)s AND removed_at IS NULL;

-- name: remove_item
UPDATE items SET removed_at = now(), version = version + 1, till = %(till)s, process = %(process)s,
    changed_at = now()
WHERE id = %(id)s AND version = %(version)s AND removed_at IS NULL;

-- name: lock_items
-- In one order, whoever swaps which: two at once wait for one another, and never both.
SELECT id, position FROM items WHERE id = ANY(%(ids)s) AND removed_at IS NULL
ORDER BY id FOR UPDATE;

-- name: place_item
UPDATE items SET position = %(position)s, version = version + 1, till = %(till)s,
    process = %(process)s, changed_at = now()
WHERE id = %(id)s;

-- name: last_sale
-- The last sale of a till whose code could be shown.
SELECT id, items_minor, sold, note FROM payments
WHERE till = %(till)s AND payment_hash IS NOT NULL
ORDER BY id DESC LIMIT 1;
