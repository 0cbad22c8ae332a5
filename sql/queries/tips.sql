-- name: tips_since
-- The tips of paid sales per recipient, from a moment on.
SELECT t.recipient, count(*) AS count, sum(t.sats)::bigint AS sats,
    coalesce(sum(t.sats) FILTER (WHERE t.state = 'settled'), 0)::bigint AS settled_sats,
    coalesce(sum(t.sats) FILTER (WHERE t.state = 'attention'), 0)::bigint AS attention_sats,
    coalesce(sum(t.sats) FILTER (WHERE t.state = 'kept'), 0)::bigint AS kept_sats,
    extract(epoch FROM max(p.paid_at))::bigint AS last_at
FROM payments p JOIN transfers t ON t.payment_id = p.id AND t.role = 'tip'
WHERE p.paid_at >= to_timestamp(%(since)s)
GROUP BY t.recipient
ORDER BY sats DESC, t.recipient;
