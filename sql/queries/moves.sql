-- name: move
-- Where this ledger is going, or has gone.
SELECT target, moved_at IS NOT NULL AS is_over FROM moves;

-- name: begin_move
INSERT INTO moves (target) VALUES (%(target)s);

-- name: end_move
UPDATE moves SET moved_at = now() WHERE moved_at IS NULL;

-- name: forget_move
DELETE FROM moves;

-- name: unfinished_sales
-- Money is under way for these, or may be any moment.
SELECT id, state, coalesce(payment_hash, '') AS payment_hash, total_sats,
    extract(epoch FROM created_at)::bigint AS created_at
FROM payments WHERE state IN ('awaiting', 'cancelling', 'paid')
ORDER BY id;
