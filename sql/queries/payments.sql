-- name: ledger
-- The ledger's own id, and its network once it has sold.
SELECT id, network FROM ledger;

-- name: bind_network
-- A database belongs to the first network it sells on.
UPDATE ledger SET network = %(network)s WHERE network IS NULL;

-- fragment: payment_now
-- A payment that is called now, with its transfers as they were before the statement.
now.id, now.state, now.network, now.account_id, now.wallet_id, now.till, now.currency,
    now.currency_digits, now.currency_symbol, now.base_minor, now.tip_minor, now.total_sats,
    now.tip_sats, now.memo, now.payment_hash, now.payment_request,
    extract(epoch FROM now.expires_at)::bigint AS expires_at, now.received_sats, now.was_closed,
    now.reason, extract(epoch FROM now.created_at)::bigint AS created_at,
    extract(epoch FROM now.paid_at)::bigint AS paid_at, now.seen_at IS NOT NULL AS is_seen,
    (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.position), '[]')
     FROM transfers_now t WHERE t.payment_id = now.id) AS transfers

-- name: intend
-- A sale is written before Blink is asked for anything, with its transfers and the first attempt at
-- its invoice, if Blink's limits leave room for one more call: all in one commit.
WITH counted AS (
    INSERT INTO call_windows AS w (account, kind, calls)
    SELECT %(account_id)s, 'invoice', 1 WHERE %(most)s > 0
    {{more_calls}}
    RETURNING 1
),
sale AS (
    INSERT INTO payments (state, network, account_id, wallet_id, till, currency, currency_digits,
        currency_symbol, items_minor, base_minor, tip_minor, tip_percent, price_base,
        price_offset, price_as_of, total_sats, tip_sats, note, sold, memo, attempt)
    VALUES ('intended', %(network)s, %(account_id)s, %(wallet_id)s, %(till)s, %(currency)s,
        %(currency_digits)s, %(currency_symbol)s, %(items_minor)s, %(base_minor)s, %(tip_minor)s,
        %(tip_percent)s, %(price_base)s, %(price_offset)s, to_timestamp(%(price_as_of)s),
        %(total_sats)s, %(tip_sats)s, %(note)s, %(sold)s, %(memo)s,
        (SELECT count(*) FROM counted))
    RETURNING id, attempt, created_at
),
parts AS (
    INSERT INTO transfers (payment_id, position, role, recipient, sats, memo, state, reason)
    SELECT sale.id, number - 1, part.role, part.recipient, part.sats, part.memo, part.state,
        part.reason
    FROM sale, unnest(%(roles)s::text[], %(recipients)s::text[], %(parts_sats)s::bigint[],
        %(memos)s::text[], %(states)s::text[], %(reasons)s::text[])
        WITH ORDINALITY part (role, recipient, sats, memo, state, reason, number)
    ORDER BY number
    RETURNING id, payment_id, position, state, reason
),
told AS (
    INSERT INTO events (payment_id, transfer_id, till, process, event, state_after, reason)
    SELECT payment_id, transfer_id, %(till)s, %(process)s, event, state, reason
    FROM (SELECT payment_id, position, id AS transfer_id, 'planned' AS event, state, reason
          FROM parts
          UNION ALL SELECT id, 32767, NULL, 'intended', 'intended', '' FROM sale) step
    ORDER BY position
)
SELECT id, attempt, extract(epoch FROM created_at)::bigint AS created_at,
    (SELECT id FROM ledger) AS ledger, ARRAY(SELECT id FROM parts ORDER BY position) AS transfers
FROM sale;

-- name: insert_event
INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after,
    reason, error, who)
VALUES (%(payment_id)s, %(transfer_id)s, %(till)s, %(process)s, %(event)s, %(state_before)s,
    %(state_after)s, %(reason)s, %(error)s, %(who)s);

-- name: begin_attempt
-- An attempt's number is durable before the call that carries it.
UPDATE payments SET attempt = attempt + 1 WHERE id = %(id)s AND state = 'intended'
RETURNING attempt, (SELECT id FROM ledger) AS ledger;

-- name: attach_invoice
WITH changed AS (
    UPDATE payments SET state = 'awaiting', payment_hash = %(payment_hash)s,
        payment_request = %(payment_request)s, expires_at = to_timestamp(%(expires_at)s)
    WHERE id = %(id)s AND state = 'intended'
    RETURNING *
),
told AS (
    INSERT INTO events (payment_id, till, process, event, state_before, state_after)
    SELECT id, %(till)s, %(process)s, 'invoice_attached', 'intended', 'awaiting' FROM changed
)
SELECT {{payment_now}} FROM changed now;

-- name: set_state
-- Whoever holds the row decides: from where it may come (states and reasons, side by side) is asked
-- of what it is then. Received is what Blink says came in; without a word of it, what was asked. That
-- this process has shown it in green is written with its completion: after it was seen, and in no
-- commit more.
WITH old AS MATERIALIZED (
    SELECT id, state FROM payments WHERE id = %(id)s FOR UPDATE
),
changed AS (
    UPDATE payments p SET state = %(to)s, reason = %(reason)s,
        paid_at = CASE WHEN %(to)s = 'paid' THEN now() ELSE p.paid_at END,
        received_sats = CASE WHEN %(to)s = 'paid'
            THEN coalesce(%(received_sats)s, p.total_sats) ELSE p.received_sats END,
        was_closed = p.was_closed OR (%(to)s = 'paid' AND old.state <> 'awaiting'),
        completed_at = CASE WHEN %(to)s = 'completed' THEN now() ELSE p.completed_at END,
        seen_at = CASE WHEN %(to)s = 'completed' AND %(was_shown)s THEN coalesce(p.seen_at, now())
            ELSE p.seen_at END
    FROM old
    WHERE p.id = old.id AND old.state = ANY(%(sources)s::text[])
    RETURNING p.*, old.state AS state_before
),
told AS (
    INSERT INTO events (payment_id, till, process, event, state_before, state_after, reason)
    SELECT id, %(till)s, %(process)s, %(to)s, state_before, state, coalesce(nullif(reason, ''),
        (%(reasons)s::text[])[array_position(%(sources)s::text[], state_before)])
    FROM changed
)
SELECT {{payment_now}} FROM old LEFT JOIN changed now ON true;

-- name: lock_payment
-- Two last transfers see each other.
SELECT id FROM payments WHERE id = %(id)s FOR UPDATE;

-- name: unfinished_transfers
SELECT count(*) AS unfinished FROM transfers
WHERE payment_id = %(id)s AND state NOT IN ('settled', 'kept');

-- name: payment_by_id
SELECT {{payment_now}} FROM payments now WHERE now.id = %(id)s;

-- name: payments_by_ids
SELECT {{payment_now}} FROM payments now WHERE now.id = ANY(%(ids)s::bigint[]) ORDER BY now.id;

-- name: payment_by_hash
SELECT {{payment_now}} FROM payments now WHERE now.payment_hash = %(payment_hash)s;

-- name: watched_payments
-- Money may still arrive for these: until a day after their expiry, by the later one of Blink's
-- clock and our own, which may be days ahead. Failed and intended ones were never told to anybody.
SELECT {{payment_now}} FROM payments now
WHERE now.account_id = %(account_id)s
  AND now.state IN ('awaiting', 'cancelling', 'cancelled', 'expired')
  AND greatest(now.expires_at, now.created_at)
      > now() - make_interval(secs => %(watch_seconds)s)
ORDER BY now.id;

-- name: unfinished_payments
SELECT {{payment_now}} FROM payments now
WHERE now.account_id = %(account_id)s AND now.state = 'paid'
ORDER BY now.paid_at, now.id;
