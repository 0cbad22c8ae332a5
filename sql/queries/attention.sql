-- name: attention_items
-- What waits for a person: transfers that cannot go on or that Blink restricts, retired invoices
-- that were paid after all, and unfinished sales of another account (an empty account_id is not
-- known: none is another's).
WITH wanted AS (
    SELECT id FROM transfers WHERE state = 'attention'
    UNION
    SELECT t.id FROM transfers t JOIN payments p ON p.id = t.payment_id
    WHERE t.trouble = 'restricted' AND p.state = 'paid'
    UNION
    SELECT transfer_id FROM recipient_invoices
    WHERE paid_retired_at IS NOT NULL AND seen_at IS NULL
    UNION
    SELECT t.id FROM payments p JOIN transfers t ON t.payment_id = p.id
    WHERE p.state = 'paid' AND %(account_id)s::text <> '' AND p.account_id <> %(account_id)s
      AND t.state NOT IN ('settled', 'kept')
)
SELECT t.*,
    p.payment_hash AS customer_hash,
    extract(epoch FROM p.paid_at)::bigint AS paid_at,
    (%(account_id)s::text <> '' AND p.account_id <> %(account_id)s) AS is_foreign,
    c.remedy, c.recipient AS choice_recipient, c.who,
    (SELECT found.payment_hash FROM recipient_invoices found
     WHERE found.transfer_id = t.id AND found.paid_retired_at IS NOT NULL
       AND found.seen_at IS NULL ORDER BY found.paid_retired_at LIMIT 1) AS paid_retired
FROM wanted
JOIN transfers_now t ON t.id = wanted.id
JOIN payments p ON p.id = t.payment_id
LEFT JOIN choices c ON c.transfer_id = t.id AND c.ended_at IS NULL
ORDER BY p.paid_at, t.id;

-- name: waiting_choices
-- Choices that are to be carried out, with the time since the last request for their invoice.
SELECT t.*, c.id AS choice_id, c.remedy, c.recipient AS choice_recipient, c.who,
    p.payment_hash AS customer_hash, p.wallet_id,
    extract(epoch FROM now() - t.last_sent_at)::float8 AS quiet_seconds
FROM choices c
JOIN transfers_now t ON t.id = c.transfer_id
JOIN payments p ON p.id = t.payment_id
WHERE c.ended_at IS NULL AND p.account_id = %(account_id)s AND t.state = 'attention'
ORDER BY c.id;

-- name: insert_choice
INSERT INTO choices (transfer_id, remedy, recipient, who)
VALUES (%(transfer_id)s, %(remedy)s, %(recipient)s, %(who)s)
RETURNING id;

-- name: end_choices_of
-- A later choice takes the place of one that waits.
UPDATE choices SET ended_at = now(), outcome = %(outcome)s
WHERE transfer_id = %(transfer_id)s AND ended_at IS NULL;

-- name: open_choice
SELECT id FROM choices WHERE id = %(id)s AND ended_at IS NULL;

-- name: end_choice
UPDATE choices SET ended_at = now(), outcome = %(outcome)s
WHERE id = %(id)s AND ended_at IS NULL;

-- name: retire_invoice
-- Compare-and-set: this invoice lives, nobody works on its transfer, and the first of the three
-- conditions still holds by the database's clock.
UPDATE recipient_invoices SET retired_at = now()
WHERE external_id = %(external_id)s AND payment_hash = %(payment_hash)s AND retired_at IS NULL
  AND EXISTS (SELECT FROM transfers t WHERE t.id = recipient_invoices.transfer_id
      AND t.state = 'attention' AND (t.last_sent_at IS NULL
          OR t.last_sent_at <= now() - make_interval(secs => %(quiet_seconds)s)));

-- name: set_chosen
UPDATE transfers SET state = %(after)s, recipient = %(recipient)s, reason = %(reason)s,
    tries = %(tries)s, trouble = %(trouble)s, due_at = NULL,
    settled_at = CASE WHEN %(after)s = 'settled' THEN now() ELSE settled_at END
WHERE id = %(id)s AND state = %(before)s;

-- name: lock_account_free
-- No choice is carried out under a hold: what a newer copy of this ledger did comes first.
SELECT p.account_id <> ALL(free.held_accounts) AS is_free
FROM (SELECT held_accounts FROM ledger FOR SHARE) free, transfers t
JOIN payments p ON p.id = t.payment_id
WHERE t.id = %(id)s;

-- name: insert_choice_event
INSERT INTO events (payment_id, transfer_id, till, process, event, state_before, state_after,
    reason, who)
SELECT t.payment_id, t.id, %(till)s, %(process)s, %(event)s, %(state_before)s, %(state_after)s,
    %(reason)s, %(who)s
FROM transfers t WHERE t.id = %(transfer_id)s;

-- name: retired_invoices
-- They stay watched until a day after their retiring and their expiry.
SELECT transfer_id, payment_hash, extract(epoch FROM retired_at)::bigint AS retired_at,
    extract(epoch FROM expires_at)::bigint AS expires_at
FROM recipient_invoices
WHERE retired_at IS NOT NULL AND paid_retired_at IS NULL
  AND greatest(retired_at, expires_at) > now() - make_interval(secs => %(watch_seconds)s)
ORDER BY retired_at;

-- name: find_retired_paid
UPDATE recipient_invoices SET paid_retired_at = now()
WHERE payment_hash = %(payment_hash)s AND retired_at IS NOT NULL AND paid_retired_at IS NULL
RETURNING transfer_id;

-- name: see_findings
UPDATE recipient_invoices SET seen_at = now()
WHERE transfer_id = %(transfer_id)s AND paid_retired_at IS NOT NULL AND seen_at IS NULL;
