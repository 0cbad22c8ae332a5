-- name: begin_reconciliation
-- By default from where the last complete run ended, or before the ledger's first row.
WITH usual AS (
    SELECT coalesce(
        (SELECT next_start FROM reconciliations
         WHERE account_id = %(account_id)s AND next_start IS NOT NULL ORDER BY id DESC LIMIT 1),
        least((SELECT created_at FROM ledger), (SELECT min(created_at) FROM payments))
            - interval '1 day') AS start
)
INSERT INTO reconciliations (account_id, till, process, window_start, hold_id)
SELECT %(account_id)s, %(till)s, %(process)s,
    coalesce(to_timestamp(%(since)s::double precision), start),
    (SELECT hold_id FROM ledger WHERE %(account_id)s = ANY(held_accounts))
FROM usual
RETURNING id, extract(epoch FROM window_start)::bigint AS since,
    window_start <= (SELECT start FROM usual) AS reaches_back, (SELECT id FROM ledger) AS ledger,
    account_id, hold_id;

-- name: finish_reconciliation
-- The next one begins a day before this one, or before the oldest difference that it left. A
-- window that begins later than where the last complete one ended leaves a gap: it ends nothing.
UPDATE reconciliations SET finished_at = now(), asked = %(asked)s,
    transactions = %(transactions)s, not_ours = %(not_ours)s, found = %(found)s,
    fixed = %(fixed)s, remaining = %(remaining)s, differing = %(differing)s,
    for_person = %(for_person)s, highest = %(highest)s,
    next_start = CASE WHEN %(reaches_back)s
        THEN least(started_at, to_timestamp(%(oldest)s::double precision)) - interval '1 day' END
WHERE id = %(id)s;

-- name: payments_to_reconcile
-- Every open invoice, the closed and the paid ones since a moment, and those that Blink names.
SELECT p.id, p.state, p.payment_hash, p.received_sats,
    'bp-' || (SELECT id FROM ledger) || '-' || p.id || '-' || p.attempt AS external_id,
    p.total_sats, extract(epoch FROM p.created_at)::bigint AS created_at,
    coalesce(p.paid_at >= to_timestamp(%(since)s), false) AS is_recent
FROM payments p
WHERE p.wallet_id = %(wallet_id)s AND p.payment_hash IS NOT NULL AND (
    p.state IN ('awaiting', 'cancelling')
    OR (p.state IN ('expired', 'cancelled') AND p.created_at >= to_timestamp(%(since)s))
    OR p.paid_at >= to_timestamp(%(since)s)
    OR p.payment_hash = ANY(%(hashes)s::text[])
    OR p.id = ANY(%(numbers)s::bigint[]))
ORDER BY p.id;

-- name: sends_to_reconcile
-- Recipients' invoices of what has settled since a moment, and those that Blink names.
WITH wanted AS (
    SELECT i.external_id FROM transfers t JOIN recipient_invoices i ON i.transfer_id = t.id
    WHERE t.settled_at >= to_timestamp(%(since)s)
    UNION
    SELECT external_id FROM recipient_invoices WHERE payment_hash = ANY(%(hashes)s::text[])
    UNION
    SELECT external_id FROM recipient_invoices WHERE external_id = ANY(%(external_ids)s::text[])
)
SELECT t.payment_id, t.id AS transfer_id, t.recipient, i.sats, t.state, i.payment_hash,
    i.external_id, i.retired_at IS NULL AS is_live,
    extract(epoch FROM coalesce(t.settled_at, i.created_at))::bigint AS at,
    coalesce(t.settled_at >= to_timestamp(%(since)s), false) AS is_recent
FROM wanted
JOIN recipient_invoices i USING (external_id)
JOIN transfers t ON t.id = i.transfer_id
JOIN payments p ON p.id = t.payment_id
WHERE p.wallet_id = %(wallet_id)s AND i.payment_hash IS NOT NULL
ORDER BY t.id, i.created_at;

-- name: transfers_named
-- Transfers whose numbers stand on what Blink shows as sent. The customer's invoice was made by
-- Blink's own clock so long before its expiry.
SELECT t.payment_id, t.id AS transfer_id, t.recipient, t.state, t.sats AS own_sats,
    t.sats + coalesce((SELECT sum(c.sats) FROM transfers c WHERE c.carried_by = t.id), 0)::bigint
        AS sats,
    extract(epoch FROM p.expires_at)::bigint - %(invoice_seconds)s AS invoiced_at
FROM transfers t JOIN payments p ON p.id = t.payment_id
WHERE p.wallet_id = %(wallet_id)s AND t.id = ANY(%(numbers)s::bigint[]) AND p.expires_at IS NOT NULL
ORDER BY t.id;

-- name: open_transfers
-- What came in and has not gone out, of all times.
SELECT t.payment_id, t.id AS transfer_id, t.recipient, t.sats, t.state, t.reason,
    t.trouble = 'owed' AS is_debt, extract(epoch FROM p.paid_at)::bigint AS at
FROM transfers t JOIN payments p ON p.id = t.payment_id
WHERE p.wallet_id = %(wallet_id)s AND p.state = 'paid' AND t.state NOT IN ('settled', 'kept')
ORDER BY t.payment_id, t.position;

-- name: correct_received
-- More came in than was known when it was recorded.
UPDATE payments SET received_sats = %(sats)s
WHERE id = %(id)s AND received_sats = %(before)s AND received_sats < %(sats)s
RETURNING state;
