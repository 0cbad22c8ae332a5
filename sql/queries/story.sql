-- name: story_of_hash
-- The payment of a customer's or of a recipient's invoice.
SELECT id FROM payments WHERE payment_hash = %(payment_hash)s
UNION
SELECT t.payment_id FROM recipient_invoices i JOIN transfers t ON t.id = i.transfer_id
WHERE i.payment_hash = %(payment_hash)s;

-- name: story_of_number
-- Payments and transfers share one row of numbers: a transfer's names its payment.
SELECT id FROM payments WHERE id = %(number)s
UNION
SELECT payment_id FROM transfers WHERE id = %(number)s;

-- name: story_invoices
-- All attempts at the recipients' invoices, without what could be paid.
SELECT i.transfer_id, i.external_id, coalesce(i.payment_hash, '') AS payment_hash,
    extract(epoch FROM i.created_at)::bigint AS made_at,
    extract(epoch FROM i.expires_at)::bigint AS expires_at,
    extract(epoch FROM i.retired_at)::bigint AS retired_at
FROM recipient_invoices i JOIN transfers t ON t.id = i.transfer_id
WHERE t.payment_id = %(payment_id)s
ORDER BY i.transfer_id, i.created_at, i.external_id;

-- name: story_events
SELECT round(extract(epoch FROM at), 3)::float8 AS at, transfer_id, event, state_before,
    state_after, reason, error, till, process::text AS process, who
FROM events WHERE payment_id = %(payment_id)s ORDER BY id;
