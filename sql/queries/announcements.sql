-- name: unseen_payments
-- Money that nobody saw go green, newest first: late money at once; any other when the screen that
-- shows it has had its time, or when the database's clock was set back since.
SELECT id AS payment_id, payment_hash, currency, currency_digits, currency_symbol,
    base_minor + tip_minor AS total_minor, received_sats, till, was_closed,
    extract(epoch FROM paid_at)::bigint AS paid_at
FROM payments
WHERE paid_at IS NOT NULL AND seen_at IS NULL
  AND (was_closed OR paid_at <= now() - make_interval(secs => %(grace_seconds)s)
       OR paid_at > now() + interval '1 minute')
ORDER BY payments.paid_at DESC, id DESC;

-- name: see_payment
UPDATE payments SET seen_at = now() WHERE id = %(id)s AND paid_at IS NOT NULL AND seen_at IS NULL
RETURNING state;

-- name: surpluses
-- What customers paid beyond what was asked and no person has taken note of, oldest first.
SELECT id AS payment_id, payment_hash, received_sats - total_sats AS sats, till,
    extract(epoch FROM paid_at)::bigint AS paid_at
FROM payments WHERE received_sats - total_sats > surplus_seen_sats
ORDER BY payments.paid_at, id;

-- name: see_surplus
-- Only the surplus that the person was shown: more may have been found meanwhile.
UPDATE payments SET surplus_seen_sats = %(sats)s
WHERE id = %(id)s AND received_sats - total_sats = %(sats)s AND surplus_seen_sats < %(sats)s
RETURNING state;

-- name: last_event
SELECT coalesce(max(id), 0) AS id FROM events;

-- name: news_after
-- What tell_others() notifies an account's tills of, for those whom no notification reaches.
SELECT e.id, e.payment_id, e.transfer_id, e.event,
    e.transfer_id IS NOT NULL AND (e.state_before IS NOT DISTINCT FROM 'attention'
        OR e.state_after = 'attention') AS attention
FROM events e
WHERE e.id > %(after)s AND e.process <> %(process)s
  AND e.at > now() - make_interval(secs => %(late_seconds)s)
  AND (e.state_before IS NOT NULL
       AND e.state_after NOT IN ('awaiting', 'cancelling', 'planned', 'prepared', 'carried',
                                 'sending', 'unknown', 'in_flight', 'settled')
       OR e.state_before = 'attention')
  AND (is_listed_by_all(e)
       OR (SELECT p.account_id FROM payments p WHERE p.id = e.payment_id) = %(account_id)s)
ORDER BY e.id;
