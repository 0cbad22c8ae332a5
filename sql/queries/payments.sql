-- name: ledger
-- The ledger's own id, and its network once it has sold.
SELECT id, network FROM ledger;

-- name: bind_network
-- A database belongs to the first network it sells on.
UPDATE ledger SET network = %(network)s WHERE network IS NULL;

-- name: insert_payment
-- A sale is written before Blink is asked for anything; the first attempt is taken with it.
INSERT INTO payments (state, network, account_id, wallet_id, till, currency, currency_digits,
    currency_symbol, items_minor, base_minor, tip_minor, tip_percent, price_base, price_offset,
    price_as_of, total_sats, tip_sats, note, memo)
VALUES ('intended', %(network)s, %(account_id)s, %(wallet_id)s, %(till)s, %(currency)s,
    %(currency_digits)s, %(currency_symbol)s, %(items_minor)s, %(base_minor)s, %(tip_minor)s,
    %(tip_percent)s, %(price_base)s, %(price_offset)s, to_timestamp(%(price_as_of)s),
    %(total_sats)s, %(tip_sats)s, %(note)s, %(memo)s)
RETURNING id;

-- name: insert_transfer
INSERT INTO transfers (payment_id, position, role, recipient, sats, memo, state, reason)
VALUES (%(payment_id)s, %(position)s, %(role)s, %(recipient)s, %(sats)s, %(memo)s, %(state)s,
    %(reason)s)
RETURNING id;

-- name: insert_event
INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after,
    reason, error, who)
VALUES (%(payment_id)s, %(transfer_id)s, %(till)s, %(process)s, %(event)s, %(state_before)s,
    %(state_after)s, %(reason)s, %(error)s, %(who)s);

-- name: begin_attempt
-- An attempt's number is durable before the call that carries it.
UPDATE payments SET attempt = attempt + 1 WHERE id = %(id)s AND state = 'intended'
RETURNING attempt, (SELECT id FROM ledger) AS ledger;

-- name: lock_payment
-- Whoever holds the row decides: the state is read and set in one transaction.
SELECT state, payment_hash FROM payments WHERE id = %(id)s FOR UPDATE;

-- name: attach_invoice
UPDATE payments SET state = 'awaiting', payment_hash = %(payment_hash)s,
    payment_request = %(payment_request)s, expires_at = to_timestamp(%(expires_at)s)
WHERE id = %(id)s AND state = 'intended';

-- name: set_state
-- Received is what Blink says came in; without a word of it, what was asked. That this process has
-- shown it in green is written with its completion: after it was seen, and in no commit more.
UPDATE payments SET state = %(to)s, reason = %(reason)s,
    paid_at = CASE WHEN %(to)s = 'paid' THEN now() ELSE paid_at END,
    received_sats = CASE WHEN %(to)s = 'paid'
        THEN coalesce(%(received_sats)s, total_sats) ELSE received_sats END,
    was_closed = was_closed OR (%(to)s = 'paid' AND state <> 'awaiting'),
    completed_at = CASE WHEN %(to)s = 'completed' THEN now() ELSE completed_at END,
    seen_at = CASE WHEN %(to)s = 'completed' AND %(was_shown)s THEN coalesce(seen_at, now())
        ELSE seen_at END
WHERE id = %(id)s AND state = %(before)s;

-- name: unfinished_transfers
SELECT count(*) AS unfinished FROM transfers
WHERE payment_id = %(id)s AND state NOT IN ('settled', 'kept');

-- name: payment_by_id
SELECT id, state, network, account_id, wallet_id, till, currency, currency_digits,
    currency_symbol, base_minor, tip_minor, total_sats, tip_sats, memo, payment_hash,
    payment_request, extract(epoch FROM expires_at)::bigint AS expires_at, received_sats,
    was_closed, reason, extract(epoch FROM created_at)::bigint AS created_at,
    extract(epoch FROM paid_at)::bigint AS paid_at, seen_at IS NOT NULL AS is_seen
FROM payments WHERE id = %(id)s;

-- name: id_by_hash
SELECT id FROM payments WHERE payment_hash = %(payment_hash)s;

-- name: watched_ids
-- Money may still arrive for these: until a day after their expiry, by the later one of Blink's
-- clock and our own, which may be days ahead. Failed and intended ones were never told to anybody.
SELECT id FROM payments
WHERE account_id = %(account_id)s AND state IN ('awaiting', 'cancelling', 'cancelled', 'expired')
  AND greatest(expires_at, created_at) > now() - make_interval(secs => %(watch_seconds)s)
ORDER BY id;

-- name: unfinished_ids
SELECT id FROM payments WHERE account_id = %(account_id)s AND state = 'paid'
ORDER BY paid_at, id;
