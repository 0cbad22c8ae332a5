-- name: lock_ledger
-- Whoever holds the row decides: a hold begins or ends, and no send starts meanwhile.
SELECT hold_id FROM ledger FOR UPDATE;

-- name: settle_on_server
-- Whether it has lived on another one until now: a standby that was promoted, or a copy's new place.
WITH before AS (SELECT timeline FROM ledger)
UPDATE ledger SET timeline = server_timeline() FROM before
WHERE ledger.timeline <> server_timeline()
RETURNING before.timeline;

-- name: insert_hold
INSERT INTO holds (cause, external_id, till, process)
VALUES (%(cause)s, %(external_id)s, %(till)s, %(process)s)
RETURNING id;

-- name: place_hold
-- On every account that has sold here; false when none has, for then nothing can be forwarded.
UPDATE ledger SET hold_id = %(hold_id)s, held_accounts = accounts.all_of_them
FROM (SELECT array_agg(DISTINCT account_id) AS all_of_them FROM payments) accounts
WHERE accounts.all_of_them IS NOT NULL;

-- name: end_holds
-- One is live at most.
UPDATE holds SET ended_at = now(), outcome = %(outcome)s WHERE ended_at IS NULL;

-- name: free_account
UPDATE ledger SET held_accounts = array_remove(held_accounts, %(account_id)s),
    hold_id = CASE WHEN array_remove(held_accounts, %(account_id)s) = '{}' THEN NULL
                   ELSE hold_id END
WHERE hold_id = %(hold_id)s AND %(account_id)s = ANY(held_accounts)
RETURNING hold_id IS NULL AS is_over;

-- name: leap
-- Past every number that a newer copy of this ledger can have given. The ledger's row is locked:
-- two leaps never cross, and no number in use is so far ahead.
SELECT setval('ledger_numbers',
    greatest((SELECT last_value FROM ledger_numbers), %(highest)s::bigint) + %(step)s);

-- name: leap_attempts
-- Past every attempt that it can have begun for what is still unfinished here.
UPDATE transfers t SET attempt = t.attempt + %(step)s
FROM payments p
WHERE p.id = t.payment_id AND p.account_id = %(account_id)s
  AND t.state IN ('planned', 'prepared', 'attention', 'unknown', 'sending', 'in_flight');

-- name: current_hold
-- With what the last complete comparison that began under it left.
SELECT h.id, h.cause, h.external_id, extract(epoch FROM h.held_at)::bigint AS held_at,
    l.held_accounts, c.differing, c.for_person, c.highest, c.account_id
FROM ledger l
JOIN holds h ON h.id = l.hold_id
LEFT JOIN LATERAL (
    SELECT r.account_id, r.differing, r.for_person, r.highest FROM reconciliations r
    WHERE r.hold_id = h.id AND r.next_start IS NOT NULL AND r.account_id = ANY(l.held_accounts)
      AND (%(account_id)s::text = '' OR r.account_id = %(account_id)s)
    ORDER BY r.id DESC LIMIT 1
) c ON true
WHERE %(account_id)s::text = '' OR %(account_id)s = ANY(l.held_accounts);

-- name: debts_in_doubt
-- A newer copy's sales are missing here, and one of them may have taken these along.
SELECT t.id FROM transfers t JOIN payments p ON p.id = t.payment_id
WHERE p.account_id = %(account_id)s AND t.state = 'planned' AND t.trouble = 'owed'
ORDER BY t.id FOR UPDATE OF t;
