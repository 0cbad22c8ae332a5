-- name: transfers_of
-- A payment's transfers in their order, each with its one live invoice.
SELECT t.id, t.role, t.recipient, t.sats, t.memo, t.state, t.reason, t.tries,
    i.external_id, i.payment_hash, i.payment_request,
    extract(epoch FROM i.expires_at)::bigint AS expires_at
FROM transfers t
LEFT JOIN recipient_invoices i
    ON i.transfer_id = t.id AND i.payment_hash IS NOT NULL AND i.retired_at IS NULL
WHERE t.payment_id = ANY(%(payment_ids)s)
ORDER BY t.payment_id, t.position;

-- name: transfer_by_id
SELECT t.id, t.payment_id, t.role, t.recipient, t.sats, t.memo, t.state, t.reason, t.tries,
    i.external_id, i.payment_hash, i.payment_request,
    extract(epoch FROM i.expires_at)::bigint AS expires_at
FROM transfers t
LEFT JOIN recipient_invoices i
    ON i.transfer_id = t.id AND i.payment_hash IS NOT NULL AND i.retired_at IS NULL
WHERE t.id = %(id)s;

-- name: claim
-- One process works on a transfer at a time, by the database's clock. A claim that lasts longer
-- than any can was made before that clock was set back: nobody holds it.
UPDATE transfers SET claimed_by = %(process)s,
    claimed_until = now() + make_interval(secs => %(seconds)s)
WHERE id = %(id)s AND state NOT IN ('settled', 'kept')
  AND (claimed_by IS NULL OR claimed_by = %(process)s OR claimed_until < now()
       OR claimed_until > now() + make_interval(secs => 2 * %(seconds)s))
RETURNING id;

-- name: release
UPDATE transfers SET claimed_by = NULL, claimed_until = NULL
WHERE id = %(id)s AND claimed_by = %(process)s;

-- name: begin_transfer_attempt
-- The externalId is durable before the call that carries it.
WITH taken AS (
    UPDATE transfers SET attempt = attempt + 1
    WHERE id = %(id)s AND claimed_by = %(process)s AND state = 'planned'
    RETURNING id, attempt
)
INSERT INTO recipient_invoices (external_id, transfer_id)
SELECT 'bp-' || ledger.id || '-' || taken.id || '-' || taken.attempt, taken.id
FROM taken, ledger
RETURNING external_id;

-- name: store_recipient_invoice
-- Only while it has none: a second maker's invoice is never stored over the first.
UPDATE recipient_invoices SET payment_hash = %(payment_hash)s,
    payment_request = %(payment_request)s, expires_at = to_timestamp(%(expires_at)s)
WHERE external_id = %(external_id)s AND payment_hash IS NULL AND retired_at IS NULL
  AND NOT EXISTS (SELECT FROM recipient_invoices live WHERE live.transfer_id = %(transfer_id)s
                  AND live.payment_hash IS NOT NULL AND live.retired_at IS NULL);

-- name: set_transfer
-- Compare-and-set on the state and the recipient, by the claim's owner only: a till that slept may
-- hold an invoice of who it was before a person chose another. What is sent is the live invoice.
UPDATE transfers SET state = %(after)s, reason = %(reason)s, tries = %(tries)s,
    last_sent_at = CASE WHEN %(after)s = 'sending' THEN now() ELSE last_sent_at END,
    settled_at = CASE WHEN %(after)s = 'settled' THEN now() ELSE settled_at END
WHERE id = %(id)s AND state = %(before)s AND recipient = %(recipient)s
  AND claimed_by = %(process)s
  AND (%(after)s <> 'sending' OR EXISTS (SELECT FROM recipient_invoices i
      WHERE i.transfer_id = transfers.id AND i.payment_hash = %(payment_hash)s
        AND i.retired_at IS NULL))
RETURNING payment_id;
