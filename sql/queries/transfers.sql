-- name: transfers_of
-- A payment's transfers in their order, each with its one live invoice and what goes with it.
SELECT * FROM transfers_now WHERE payment_id = ANY(%(payment_ids)s) ORDER BY payment_id, position;

-- name: transfer_by_id
SELECT * FROM transfers_now WHERE id = %(id)s;

-- name: claim
-- One process works on a transfer at a time, by the database's clock. A claim that lasts longer
-- than any can was made before that clock was set back: nobody holds it.
UPDATE transfers SET claimed_by = %(process)s,
    claimed_until = now() + make_interval(secs => %(seconds)s)
WHERE id = %(id)s AND state NOT IN ('settled', 'kept', 'carried')
  AND (claimed_by IS NULL OR claimed_by = %(process)s OR claimed_until < now()
       OR claimed_until > now() + make_interval(secs => 2 * %(seconds)s))
RETURNING id;

-- name: release
UPDATE transfers SET claimed_by = NULL, claimed_until = NULL
WHERE id = %(id)s AND claimed_by = %(process)s;

-- name: begin_transfer_attempt
-- The number is durable before the call that carries it; none is taken under a hold. From here on
-- nobody takes the transfer along: it is about to have an invoice of its own.
WITH free AS MATERIALIZED (SELECT held_accounts FROM ledger FOR SHARE)
UPDATE transfers t SET attempt = t.attempt + 1, due_at = NULL,
    trouble = CASE t.trouble WHEN 'owed' THEN '' ELSE t.trouble END
FROM free, payments p
WHERE t.id = %(id)s AND t.claimed_by = %(process)s AND t.state = 'planned'
  AND p.id = t.payment_id AND p.account_id <> ALL(free.held_accounts)
RETURNING t.id;

-- name: join_debts
-- What is owed to the same recipient from the same wallet goes with a transfer that was paid for.
WITH debts AS (
    SELECT c.id FROM transfers t
    JOIN payments p ON p.id = t.payment_id AND p.state = 'paid'
    JOIN transfers c ON c.recipient = t.recipient AND c.id <> t.id
    JOIN payments owing ON owing.id = c.payment_id AND owing.state = 'paid'
        AND (owing.network, owing.account_id, owing.wallet_id)
            = (p.network, p.account_id, p.wallet_id)
    WHERE t.id = %(id)s AND t.state = 'planned' AND c.state = 'planned' AND c.trouble = 'owed'
      AND (c.claimed_by IS NULL OR c.claimed_by = %(process)s OR c.claimed_until < now())
    FOR UPDATE OF c SKIP LOCKED
)
UPDATE transfers c SET state = %(after)s, carried_by = %(id)s, reason = %(reason)s
FROM debts
WHERE c.id = debts.id AND c.state = 'planned' AND c.trouble = 'owed'
RETURNING c.id, c.payment_id;

-- name: insert_transfer_attempt
INSERT INTO recipient_invoices (external_id, transfer_id, sats)
SELECT 'bp-' || ledger.id || '-' || t.id || '-' || t.attempt, t.id, %(sats)s
FROM transfers t, ledger WHERE t.id = %(id)s
RETURNING external_id;

-- name: store_recipient_invoice
-- Only while it has none, and of the latest attempt alone: a second maker's invoice is never
-- stored over the first, and an older attempt's late answer is thrown away.
UPDATE recipient_invoices SET payment_hash = %(payment_hash)s,
    payment_request = %(payment_request)s, expires_at = to_timestamp(%(expires_at)s)
WHERE external_id = %(external_id)s AND payment_hash IS NULL AND retired_at IS NULL
  AND sats = %(sats)s
  AND external_id = (SELECT 'bp-' || ledger.id || '-' || t.id || '-' || t.attempt
                     FROM transfers t, ledger WHERE t.id = %(transfer_id)s)
  AND NOT EXISTS (SELECT FROM recipient_invoices live WHERE live.transfer_id = %(transfer_id)s
                  AND live.payment_hash IS NOT NULL AND live.retired_at IS NULL);

-- name: start_send
-- A request that moves money may leave from here on: compare-and-set on the state, the recipient and
-- the live invoice, by the claim's owner, and under no hold. The ledger's row is locked first, so that a
-- hold comes before this send or waits for its start.
WITH free AS MATERIALIZED (SELECT held_accounts FROM ledger FOR SHARE)
UPDATE transfers t SET state = %(after)s, reason = %(reason)s, trouble = %(trouble)s,
    tries = %(tries)s, due_at = NULL, last_sent_at = now()
FROM free, payments p
WHERE t.id = %(id)s AND t.state = %(before)s AND t.recipient = %(recipient)s
  AND t.claimed_by = %(process)s
  AND p.id = t.payment_id AND p.account_id <> ALL(free.held_accounts)
  AND EXISTS (SELECT FROM recipient_invoices i WHERE i.transfer_id = t.id
              AND i.payment_hash = %(payment_hash)s AND i.retired_at IS NULL)
RETURNING t.payment_id;

-- name: set_transfer
-- Compare-and-set on the state and the recipient, by the claim's owner only: a till that slept may
-- hold what it knew before a person chose another. Sends start by start_send alone. What is not
-- due for a while is nobody's.
UPDATE transfers SET state = %(after)s, reason = %(reason)s, trouble = %(trouble)s,
    tries = %(tries)s,
    due_at = CASE WHEN %(wait_seconds)s::float8 > 0
        THEN now() + make_interval(secs => %(wait_seconds)s::float8) END,
    claimed_by = CASE WHEN %(wait_seconds)s::float8 > 0 THEN NULL ELSE claimed_by END,
    settled_at = CASE WHEN %(after)s = 'settled' THEN now() ELSE settled_at END
WHERE id = %(id)s AND state = %(before)s AND recipient = %(recipient)s
  AND claimed_by = %(process)s AND %(after)s <> 'sending'
RETURNING payment_id;

-- name: settle_carried
-- What went within a transfer's invoice has arrived with it.
UPDATE transfers SET state = 'settled', trouble = '', reason = '', due_at = NULL,
    settled_at = now(), claimed_by = NULL, claimed_until = NULL
WHERE carried_by = %(id)s AND state = 'carried'
RETURNING id, payment_id;

-- name: free_carried
-- No invoice covers them any more: each is owed as before, and waits for the next transfer.
UPDATE transfers SET state = 'planned', carried_by = NULL, reason = %(reason)s,
    due_at = now() + make_interval(secs => %(wait_seconds)s)
WHERE carried_by = %(id)s AND state = 'carried'
RETURNING id, payment_id;

-- name: lock_transfer
-- Whoever holds the row decides.
SELECT id FROM transfers WHERE id = %(id)s FOR UPDATE;

-- name: lock_paid_transfer
SELECT t.id FROM transfers t JOIN payments p ON p.id = t.payment_id
WHERE t.id = %(id)s AND t.claimed_by = %(process)s AND p.state = 'paid' FOR UPDATE OF t;

-- name: retire_superseded
-- A newer copy of this ledger gave this invoice up for another one: nobody pays it any more. The
-- first of the three conditions holds by the database's clock.
UPDATE recipient_invoices SET retired_at = now()
WHERE transfer_id = %(id)s AND payment_hash IS NOT NULL AND retired_at IS NULL
  AND EXISTS (SELECT FROM transfers t WHERE t.id = %(id)s AND (t.last_sent_at IS NULL
      OR t.last_sent_at <= now() - make_interval(secs => %(quiet_seconds)s)));

-- name: adopt_invoice
-- The invoice by which a newer copy of this ledger has paid: its attempt may be known here.
INSERT INTO recipient_invoices (external_id, transfer_id, sats, payment_hash, payment_request,
    expires_at)
VALUES (%(external_id)s, %(id)s, %(sats)s, %(payment_hash)s, %(payment_request)s,
    to_timestamp(%(expires_at)s))
ON CONFLICT (external_id) DO UPDATE SET sats = excluded.sats,
    payment_hash = excluded.payment_hash, payment_request = excluded.payment_request,
    expires_at = excluded.expires_at
WHERE recipient_invoices.transfer_id = excluded.transfer_id
  AND recipient_invoices.payment_hash IS NULL;
