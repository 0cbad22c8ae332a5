-- name: transfer_by_id
SELECT * FROM transfers_now WHERE id = %(id)s;

-- fragment: can_claim
-- Nobody's, mine, run out, or longer than any can be: made before the clock was set back.
(t.claimed_by IS NULL OR t.claimed_by = %(process)s OR t.claimed_until < now()
    OR t.claimed_until > now() + make_interval(secs => 2 * %(seconds)s))

-- name: claim
-- One process works on a transfer at a time, by the database's clock.
UPDATE transfers t SET claimed_by = %(process)s,
    claimed_until = now() + make_interval(secs => %(seconds)s)
WHERE t.id = %(id)s AND t.state NOT IN ('settled', 'kept', 'carried') AND {{can_claim}}
RETURNING t.id;

-- name: release
UPDATE transfers SET claimed_by = NULL, claimed_until = NULL
WHERE id = %(id)s AND claimed_by = %(process)s;

-- name: begin_ahead
-- Claims transfers whose code is on a screen, and takes their numbers and their calls at once, as
-- far as Blink's limits leave room. Nothing is begun under a hold, nor what has been paid for: that
-- takes debts along, and waits where Blink refused it.
WITH free AS MATERIALIZED (SELECT id, held_accounts FROM ledger FOR SHARE),
wanted AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(recipients)s::text[], %(wallets)s::text[])
        part (id, recipient, wallet)
),
claimable AS MATERIALIZED (
    SELECT t.id, wanted.wallet FROM wanted
    JOIN transfers t ON t.id = wanted.id AND t.recipient = wanted.recipient
    JOIN payments p ON p.id = t.payment_id AND p.state = 'awaiting'
    JOIN free ON p.account_id <> ALL(free.held_accounts)
    WHERE t.state = 'planned' AND t.trouble = '' AND t.due_at IS NULL AND {{can_claim}}
    ORDER BY t.id FOR UPDATE OF t
),
counted AS (
    INSERT INTO call_windows AS w (account, kind, calls)
    SELECT wallet, 'recipient', count(*) FROM claimable GROUP BY wallet
    HAVING count(*) <= %(most)s ORDER BY wallet
    {{more_calls}}
    RETURNING account
),
taken AS (
    UPDATE transfers t SET attempt = t.attempt + 1, claimed_by = %(process)s,
        claimed_until = now() + make_interval(secs => %(seconds)s)
    FROM claimable JOIN counted ON counted.account = claimable.wallet
    WHERE t.id = claimable.id
    RETURNING t.id, t.attempt, t.sats
)
INSERT INTO recipient_invoices (external_id, transfer_id, sats)
SELECT 'bp-' || free.id || '-' || taken.id || '-' || taken.attempt, taken.id, taken.sats
FROM taken, free
RETURNING external_id, transfer_id;

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
-- Only while it has none, and of the latest attempt alone: a second maker's invoice is never stored
-- over the first, and an older attempt's late answer is thrown away. The transfer's row is held
-- first, so that the invoice and the state stand together or not at all.
WITH held AS MATERIALIZED (
    SELECT id, attempt FROM transfers
    WHERE id = %(id)s AND state = %(before)s AND recipient = %(recipient)s
      AND claimed_by = %(process)s
    FOR UPDATE
),
stored AS (
    UPDATE recipient_invoices i SET payment_hash = %(payment_hash)s,
        payment_request = %(payment_request)s, expires_at = to_timestamp(%(expires_at)s)
    FROM held, ledger
    WHERE i.transfer_id = held.id AND i.external_id = %(external_id)s
      AND i.external_id = 'bp-' || ledger.id || '-' || held.id || '-' || held.attempt
      AND i.payment_hash IS NULL AND i.retired_at IS NULL AND i.sats = %(sats)s
      AND NOT EXISTS (SELECT FROM recipient_invoices live WHERE live.transfer_id = held.id
                      AND live.payment_hash IS NOT NULL AND live.retired_at IS NULL)
    RETURNING i.transfer_id
),
changed AS (
    UPDATE transfers t SET state = %(after)s, reason = %(reason)s, trouble = %(trouble)s,
        tries = %(tries)s, due_at = NULL,
        claimed_by = CASE WHEN NOT %(releases)s THEN t.claimed_by END
    FROM stored WHERE t.id = stored.transfer_id
    RETURNING t.id, t.payment_id
),
told AS (
    INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after,
        reason)
    SELECT payment_id, id, %(till)s, %(process)s, %(event)s, %(before)s, %(after)s, %(reason)s
    FROM changed
)
SELECT id FROM changed;

-- name: start_send
-- A request that moves money may leave from here on: claimed, in this process's turn at the wallet,
-- compare-and-set on the state, the recipient and the live invoice, under no hold and on the server
-- that the ledger has lived on. The hold is read under the ledger's lock, so that one comes before
-- this send or waits for its start. Nobody has tried it since it was read, so that what Blink
-- restricts is tried once for all tills.
WITH free AS MATERIALIZED (
    SELECT held_accounts, timeline = server_timeline() AS is_same_server FROM ledger FOR SHARE
),
turn AS (
    INSERT INTO wallet_turns (wallet_id, process, until)
    VALUES (%(wallet_id)s, %(process)s, now() + make_interval(secs => %(seconds)s))
    {{turn}}
    RETURNING wallet_id
),
started AS (
    UPDATE transfers t SET state = %(after)s, reason = %(reason)s, trouble = %(trouble)s,
        tries = %(tries)s, due_at = NULL, last_sent_at = clock_timestamp(), claimed_by = %(process)s,
        claimed_until = now() + make_interval(secs => %(seconds)s)
    FROM free, turn, payments p
    WHERE t.id = %(id)s AND t.state = %(before)s AND t.recipient = %(recipient)s
      AND t.tries = %(tries)s AND t.trouble = %(trouble)s AND {{can_claim}}
      AND p.id = t.payment_id AND p.account_id <> ALL(free.held_accounts)
      AND free.is_same_server
      AND EXISTS (SELECT FROM recipient_invoices i WHERE i.transfer_id = t.id
                  AND i.payment_hash = %(payment_hash)s AND i.retired_at IS NULL)
    RETURNING t.id, t.payment_id
),
told AS (
    INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after,
        reason)
    SELECT payment_id, id, %(till)s, %(process)s, %(event)s, %(before)s, %(after)s, %(reason)s
    FROM started
)
SELECT EXISTS (SELECT FROM turn) AS has_turn, EXISTS (SELECT FROM started) AS is_started,
    (SELECT p.account_id = ANY(free.held_accounts) FROM free, transfers t
     JOIN payments p ON p.id = t.payment_id WHERE t.id = %(id)s) AS is_held,
    (SELECT is_same_server FROM free) AS is_same_server;

-- name: start_claimed_send
-- The same for who has the claim already and does not send: a request that left is written down.
WITH free AS MATERIALIZED (SELECT held_accounts FROM ledger FOR SHARE)
UPDATE transfers t SET state = %(after)s, reason = %(reason)s, trouble = %(trouble)s,
    tries = %(tries)s, due_at = NULL, last_sent_at = clock_timestamp()
FROM free, payments p
WHERE t.id = %(id)s AND t.state = %(before)s AND t.recipient = %(recipient)s
  AND t.claimed_by = %(process)s
  AND p.id = t.payment_id AND p.account_id <> ALL(free.held_accounts)
  AND EXISTS (SELECT FROM recipient_invoices i WHERE i.transfer_id = t.id
              AND i.payment_hash = %(payment_hash)s AND i.retired_at IS NULL)
RETURNING t.payment_id;

-- name: end_send
-- What a request came to, in the commit that gives the turn back, and the claim with a transfer that
-- has settled. The last one of a payment completes it; two last ones at once see neither each other
-- nor an end, and whoever comes next completes it then.
WITH changed AS (
    UPDATE transfers SET state = %(after)s, reason = %(reason)s, trouble = %(trouble)s,
        tries = %(tries)s,
        due_at = CASE WHEN %(wait_seconds)s::float8 > 0
            THEN now() + make_interval(secs => %(wait_seconds)s::float8) END,
        claimed_by = CASE WHEN %(after)s <> 'settled' AND %(wait_seconds)s::float8 <= 0
            THEN claimed_by END,
        settled_at = CASE WHEN %(after)s = 'settled' THEN now() ELSE settled_at END
    WHERE id = %(id)s AND state = %(before)s AND recipient = %(recipient)s
      AND claimed_by = %(process)s AND %(after)s <> 'sending'
    RETURNING id, payment_id
),
over AS (
    DELETE FROM wallet_turns WHERE wallet_id = %(wallet_id)s AND process = %(process)s
),
done AS (
    UPDATE payments p SET state = 'completed', reason = '', completed_at = now(),
        seen_at = CASE WHEN p.id = ANY(%(shown)s::bigint[]) THEN coalesce(p.seen_at, now())
            ELSE p.seen_at END
    FROM changed
    WHERE %(after)s = 'settled' AND p.id = changed.payment_id AND p.state = 'paid'
      AND NOT EXISTS (SELECT FROM transfers t WHERE t.payment_id = p.id AND t.id <> changed.id
                      AND t.state NOT IN ('settled', 'kept'))
    RETURNING p.*
),
told AS (
    INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after,
        reason, error)
    SELECT payment_id, transfer_id, %(till)s, %(process)s, event, state_before, state_after, reason,
        error
    FROM (SELECT 1 AS number, payment_id, id AS transfer_id, %(event)s::text AS event,
              %(before)s::text AS state_before, %(after)s::text AS state_after,
              %(reason)s::text AS reason, %(error)s::text AS error
          FROM changed
          UNION ALL
          SELECT 2, id, NULL, 'completed', 'paid', 'completed', %(why_completed)s, '' FROM done
    ) step
    ORDER BY number
)
SELECT EXISTS (SELECT FROM changed) AS is_changed, {{payment_now}}
FROM (VALUES (1)) one LEFT JOIN done now ON true;

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
