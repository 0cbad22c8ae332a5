-- name: audit_snapshot
-- All of an audit sees one moment of the ledger, whatever the tills do meanwhile.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: audit_totals
-- The books of all history, in sats.
SELECT count(*) AS payments,
    coalesce(sum(received_sats), 0)::bigint AS received_sats,
    coalesce(sum(sent_sats), 0)::bigint AS sent_sats,
    coalesce(sum(kept_sats), 0)::bigint AS kept_sats,
    coalesce(sum(owed_sats), 0)::bigint AS owed_sats,
    coalesce(sum(surplus_sats), 0)::bigint AS surplus_sats,
    coalesce(sum(fees_sats), 0)::bigint AS fees_sats
FROM payment_balances;

-- name: audit_surpluses
-- What customers paid beyond what was asked: it stays in the collecting wallet, for a person.
SELECT id AS payment_id, received_sats - total_sats AS sats,
    extract(epoch FROM paid_at)::bigint AS paid_at
FROM payments WHERE received_sats > total_sats ORDER BY id;

-- name: audit_findings
-- Each row breaks a rule that must always hold; there are none in a ledger that is in order.
WITH parts AS (
    SELECT p.id, p.total_sats, p.tip_sats, coalesce(sum(t.sats), 0) AS all_sats,
        coalesce(sum(t.sats) FILTER (WHERE t.role = 'tip'), 0) AS tips_sats
    FROM payments p LEFT JOIN transfers t ON t.payment_id = p.id GROUP BY p.id
),
story AS (
    SELECT payment_id, transfer_id, id, state_before, state_after,
        lag(state_after) OVER (PARTITION BY payment_id, transfer_id ORDER BY id) AS stood,
        lead(id) OVER (PARTITION BY payment_id, transfer_id ORDER BY id) IS NULL AS is_last
    FROM events
)
SELECT 'unbalanced' AS rule, payment_id, NULL::bigint AS transfer_id,
    'received ' || received_sats || ', sent ' || sent_sats || ', kept ' || kept_sats || ', owed '
        || owed_sats || ', surplus ' || surplus_sats || ', fees ' || fees_sats AS detail
FROM payment_balances WHERE balance_sats <> 0
UNION ALL
SELECT 'parts', id, NULL, 'total ' || total_sats || ', transfers ' || all_sats
FROM parts WHERE all_sats <> total_sats
UNION ALL
SELECT 'tips', id, NULL, 'tip ' || tip_sats || ', tip transfers ' || tips_sats
FROM parts WHERE tips_sats <> tip_sats
UNION ALL
SELECT 'shortfall', id, NULL, 'received ' || received_sats || ', asked ' || total_sats
FROM payments WHERE received_sats < total_sats
UNION ALL
SELECT 'payment_story', p.id, NULL,
    'it is ' || p.state || ', its last event says ' || coalesce(s.state_after, 'nothing')
FROM payments p LEFT JOIN story s ON s.payment_id = p.id AND s.transfer_id IS NULL AND s.is_last
WHERE s.state_after IS DISTINCT FROM p.state
UNION ALL
SELECT 'transfer_story', t.payment_id, t.id,
    'it is ' || t.state || ', its last event says ' || coalesce(s.state_after, 'nothing')
FROM transfers t LEFT JOIN story s ON s.transfer_id = t.id AND s.is_last
WHERE s.state_after IS DISTINCT FROM t.state
UNION ALL
SELECT 'gap', payment_id, transfer_id,
    'event ' || id || ' leaves ' || state_before || ', it stood at ' || coalesce(stood, 'nothing')
FROM story WHERE state_before IS NOT NULL AND state_before IS DISTINCT FROM stood
UNION ALL
SELECT 'no_invoice', t.payment_id, t.id, t.sats || ' sats to ' || t.recipient
FROM transfers t WHERE t.state = 'settled' AND NOT EXISTS (
    SELECT FROM recipient_invoices i
    WHERE i.transfer_id = coalesce(t.carried_by, t.id) AND i.payment_hash IS NOT NULL)
UNION ALL
SELECT 'uncovered', t.payment_id, t.id, 'the invoice asks for ' || i.sats || ', not ' || w.sats
FROM transfers t
JOIN recipient_invoices i
    ON i.transfer_id = t.id AND i.payment_hash IS NOT NULL AND i.retired_at IS NULL,
LATERAL (SELECT t.sats + coalesce(sum(c.sats), 0) AS sats FROM transfers c
         WHERE c.carried_by = t.id) w
WHERE i.sats <> w.sats
UNION ALL
SELECT 'carried', c.payment_id, c.id, 'it is ' || c.state || ', its carrier ' || t.id || ' is '
    || t.state
FROM transfers c JOIN transfers t ON t.id = c.carried_by
WHERE (c.state = 'settled') <> (t.state = 'settled') OR c.recipient <> t.recipient
UNION ALL
SELECT 'two_invoices', t.payment_id, t.id, count(*) || ' invoices'
FROM transfers t JOIN recipient_invoices i ON i.transfer_id = t.id
WHERE i.payment_hash IS NOT NULL AND i.retired_at IS NULL
GROUP BY t.payment_id, t.id HAVING count(*) > 1
UNION ALL
SELECT 'unfinished', p.id, t.id, 'the transfer is ' || t.state
FROM payments p JOIN transfers t ON t.payment_id = p.id
WHERE p.state = 'completed' AND t.state NOT IN ('settled', 'kept')
UNION ALL
SELECT 'unpaid', p.id, t.id, 'the transfer is ' || t.state || ', the payment ' || p.state
FROM payments p JOIN transfers t ON t.payment_id = p.id
WHERE p.state NOT IN ('paid', 'completed')
  AND t.state IN ('sending', 'unknown', 'in_flight', 'settled')
ORDER BY payment_id, transfer_id NULLS FIRST, rule;

-- name: audit_sums
-- Each row is a sum that is held and is not what its payments and transfers come to.
SELECT 'sums' AS rule, NULL::bigint AS payment_id, NULL::bigint AS transfer_id,
    grain || ' ' || (start AT TIME ZONE 'UTC') || ', ' || currency || ': held '
        || coalesce(h.sales, 0) || ' sales, ' || coalesce(h.total_sats, 0) || ' sats, are '
        || coalesce(d.sales, 0) || ' sales, ' || coalesce(d.total_sats, 0) || ' sats' AS detail
FROM (SELECT * FROM sale_sums WHERE sales <> 0) h
FULL JOIN sale_sums_derived d USING (grain, start, currency, currency_digits)
WHERE (h.sales, h.base_minor, h.tip_minor, h.total_sats, h.tip_sats, h.received_sats)
    IS DISTINCT FROM (d.sales, d.base_minor, d.tip_minor, d.total_sats, d.tip_sats,
        d.received_sats)
UNION ALL
SELECT 'sums', NULL, NULL,
    grain || ' ' || (start AT TIME ZONE 'UTC') || ', ' || recipient || ': held '
        || coalesce(h.tips, 0) || ' tips, ' || coalesce(h.sats, 0) || ' sats, '
        || coalesce(h.settled_sats, 0) || ' settled, are ' || coalesce(d.tips, 0) || ' tips, '
        || coalesce(d.sats, 0) || ' sats, ' || coalesce(d.settled_sats, 0) || ' settled'
FROM (SELECT * FROM tip_sums WHERE tips <> 0) h
FULL JOIN tip_sums_derived d USING (grain, start, recipient)
WHERE (h.tips, h.sats, h.settled_sats, h.attention_sats, h.kept_sats, h.last_at)
    IS DISTINCT FROM (d.tips, d.sats, d.settled_sats, d.attention_sats, d.kept_sats, d.last_at)
ORDER BY detail;
