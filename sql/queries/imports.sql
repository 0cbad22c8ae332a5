-- name: prepare_arrivals
-- What is read lands here first: whether it stays is weighed when all of it is there.
CREATE TEMPORARY TABLE arriving_payments ON COMMIT DROP AS
    SELECT 0::bigint AS line, payment_hash, origin, status, total_sats, base_sats, tip_sats,
        tip_percent, tip_recipient, wallet_id, currency, base_display, tip_display, memo, error,
        created_at, processed_at, expires_at, extra
    FROM imported_payments WITH NO DATA;
CREATE TEMPORARY TABLE arriving_events ON COMMIT DROP AS
    SELECT 0::bigint AS line, fingerprint, payment_hash, event, status, error, at, extra
    FROM imported_events WITH NO DATA;
CREATE TEMPORARY VIEW weighed_payments AS
    SELECT a.*, i.payment_hash IS NULL AS is_new,
        array_position(steps.in_order, a.status) > array_position(steps.in_order, i.status)
            AS is_further,
        i.status AS known_status
    FROM (SELECT ARRAY['pending', 'processing', 'expired', 'failed', 'completed'] AS in_order) steps,
        arriving_payments a LEFT JOIN imported_payments i USING (payment_hash);

-- name: index_arrivals
CREATE INDEX ON arriving_payments (payment_hash);
ANALYZE arriving_payments;

-- name: arrivals_refused
-- A payment is imported once, and a sale of this ledger is none of the origin's.
DELETE FROM arriving_payments a
USING (
    SELECT a.ctid AS place, 'twice' AS why, first.line AS other
    FROM (SELECT payment_hash, min(line) AS line FROM arriving_payments
          GROUP BY payment_hash HAVING count(*) > 1) first
    JOIN arriving_payments a ON a.payment_hash = first.payment_hash AND a.line > first.line
    UNION ALL
    SELECT a.ctid, 'ours', p.id FROM arriving_payments a JOIN payments p USING (payment_hash)
) bad
WHERE a.ctid = bad.place
RETURNING a.line, bad.why, bad.other;

-- name: weigh_payments
SELECT count(*) FILTER (WHERE is_new) AS new,
    count(*) FILTER (WHERE is_further) AS further,
    count(*) FILTER (WHERE NOT is_new AND NOT is_further) AS known,
    coalesce(sum(total_sats) FILTER (WHERE is_new), 0)::bigint AS new_sats
FROM weighed_payments;

-- name: weigh_events
SELECT count(*) FILTER (WHERE i.fingerprint IS NULL) AS new,
    count(*) FILTER (WHERE i.fingerprint IS NOT NULL) AS known
FROM (SELECT DISTINCT fingerprint FROM arriving_events) a
LEFT JOIN imported_events i USING (fingerprint);

-- name: unfinished_arrivals
-- Those that the origin had not completed, as far as anybody knows: those that it was working on
-- first, and last those that it had given up.
SELECT payment_hash, CASE WHEN is_new OR is_further THEN status ELSE known_status END AS status,
    total_sats, tip_sats, tip_recipient, memo,
    extract(epoch FROM created_at)::bigint AS created_at
FROM weighed_payments
WHERE status <> 'completed' AND known_status IS DISTINCT FROM 'completed'
ORDER BY 2 DESC, created_at, payment_hash;

-- name: keep_payments
-- History only moves on: what is known stays unless the origin had got further with it.
INSERT INTO imported_payments (payment_hash, origin, status, total_sats, base_sats, tip_sats,
    tip_percent, tip_recipient, wallet_id, currency, base_display, tip_display, memo, error,
    created_at, processed_at, expires_at, extra)
SELECT payment_hash, origin, status, total_sats, base_sats, tip_sats, tip_percent, tip_recipient,
    wallet_id, currency, base_display, tip_display, memo, error, created_at, processed_at,
    expires_at, extra
FROM weighed_payments WHERE is_new OR is_further
ON CONFLICT (payment_hash) DO UPDATE SET origin = excluded.origin, status = excluded.status,
    total_sats = excluded.total_sats, base_sats = excluded.base_sats,
    tip_sats = excluded.tip_sats, tip_percent = excluded.tip_percent,
    tip_recipient = excluded.tip_recipient, wallet_id = excluded.wallet_id,
    currency = excluded.currency, base_display = excluded.base_display,
    tip_display = excluded.tip_display, memo = excluded.memo, error = excluded.error,
    created_at = excluded.created_at, processed_at = excluded.processed_at,
    expires_at = excluded.expires_at, extra = excluded.extra, imported_at = now();

-- name: keep_events
INSERT INTO imported_events (fingerprint, payment_hash, event, status, error, at, extra)
SELECT fingerprint, payment_hash, event, status, error, at, extra FROM arriving_events
ON CONFLICT (fingerprint) DO NOTHING;
