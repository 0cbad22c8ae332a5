-- name: sales_page
-- Sales, newest first, from behind the last one of the page before; what is null does not narrow
-- the search. The planner sees the values, and takes the index that fits what was asked.
SELECT sale.*, parts.*
FROM (
    SELECT p.id, p.state, p.till, p.currency, p.currency_digits, p.currency_symbol, p.base_minor,
        p.tip_minor, p.total_sats, p.tip_sats, p.received_sats, p.note, p.payment_hash,
        p.was_closed, (extract(epoch FROM p.created_at) * 1000000)::bigint AS made_us,
        extract(epoch FROM p.paid_at)::bigint AS paid_at
    FROM payments p
    WHERE (%(since)s::float8 IS NULL OR p.created_at >= to_timestamp(%(since)s::float8))
      AND (%(until)s::float8 IS NULL OR p.created_at < to_timestamp(%(until)s::float8))
      AND (%(behind_us)s::bigint IS NULL OR (p.created_at, p.id)
          < ('epoch'::timestamptz + %(behind_us)s::bigint * interval '1 microsecond',
             %(behind_id)s::bigint))
      AND (%(least_sats)s::bigint IS NULL OR p.total_sats >= %(least_sats)s::bigint)
      AND (%(most_sats)s::bigint IS NULL OR p.total_sats <= %(most_sats)s::bigint)
      AND (%(currency)s::text IS NULL OR p.currency = %(currency)s::text
          AND p.base_minor + p.tip_minor
              BETWEEN %(least_minor)s::bigint AND %(most_minor)s::bigint)
      AND (%(words)s::text IS NULL OR p.note <> '' AND to_tsvector('simple'::regconfig, p.note)
          @@ plainto_tsquery('simple'::regconfig, %(words)s::text))
      AND (%(payment_hash)s::text IS NULL OR p.payment_hash = %(payment_hash)s::text)
      AND (NOT %(received_only)s::boolean OR p.paid_at IS NOT NULL)
    ORDER BY p.created_at DESC, p.id DESC
    LIMIT %(limit)s
) sale
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(t.recipient ORDER BY t.position) FILTER (WHERE t.role = 'tip'), '{}')
            AS recipients,
        coalesce(bool_or(t.state = 'attention'), false) AS needs_attention
    FROM transfers t WHERE t.payment_id = sale.id
) parts
ORDER BY made_us DESC, id DESC;

-- name: tips_in
-- The tips of paid sales per recipient in each of some spans of time.
WITH parts AS (
    SELECT number, held.*
    FROM span_pieces(%(since)s, %(until)s) piece
    CROSS JOIN LATERAL (
        SELECT recipient, tips, sats, settled_sats, attention_sats, kept_sats, last_at
        FROM tip_sums
        WHERE grain = piece.grain AND start >= piece.starts AND start < piece.ends
        OFFSET 0
    ) held
    WHERE piece.grain <> 'row'
    UNION ALL
    SELECT number, tip.recipient, 1, tip.sats,
        CASE tip.state WHEN 'settled' THEN tip.sats ELSE 0 END,
        CASE tip.state WHEN 'attention' THEN tip.sats ELSE 0 END,
        CASE tip.state WHEN 'kept' THEN tip.sats ELSE 0 END, sale.paid_at
    FROM span_pieces(%(since)s, %(until)s) piece
    CROSS JOIN LATERAL (
        SELECT id, paid_at FROM payments
        WHERE paid_at >= piece.starts AND paid_at < piece.ends
        OFFSET 0
    ) sale
    CROSS JOIN LATERAL (
        SELECT recipient, sats, state FROM transfers
        WHERE payment_id = sale.id AND role = 'tip'
        OFFSET 0
    ) tip
    WHERE piece.grain = 'row'
)
SELECT number, recipient, sum(tips)::bigint AS count, sum(sats)::bigint AS sats,
    sum(settled_sats)::bigint AS settled_sats, sum(attention_sats)::bigint AS attention_sats,
    sum(kept_sats)::bigint AS kept_sats, extract(epoch FROM max(last_at))::bigint AS last_at
FROM parts
GROUP BY number, recipient HAVING sum(tips) > 0
ORDER BY number, sum(sats) DESC, recipient;

-- name: first_tip
-- The day (of UTC) of the first tip.
SELECT extract(epoch FROM min(start))::bigint AS at FROM tip_sums WHERE grain = 'day';

-- name: takings_in
-- What was sold and paid in each of some spans of time, per currency.
WITH parts AS (
    SELECT number, held.*
    FROM span_pieces(%(since)s, %(until)s) piece
    CROSS JOIN LATERAL (
        SELECT currency, currency_digits, currency_symbol, sales, base_minor, tip_minor,
            total_sats, tip_sats, received_sats
        FROM sale_sums
        WHERE grain = piece.grain AND start >= piece.starts AND start < piece.ends
        OFFSET 0
    ) held
    WHERE piece.grain <> 'row'
    UNION ALL
    SELECT number, sale.*
    FROM span_pieces(%(since)s, %(until)s) piece
    CROSS JOIN LATERAL (
        SELECT currency, currency_digits, currency_symbol, 1, base_minor, tip_minor, total_sats,
            tip_sats, received_sats
        FROM payments
        WHERE paid_at >= piece.starts AND paid_at < piece.ends
        OFFSET 0
    ) sale
    WHERE piece.grain = 'row'
)
SELECT number, currency, currency_digits, max(currency_symbol) AS currency_symbol,
    sum(sales)::bigint AS sales, sum(base_minor)::bigint AS base_minor,
    sum(tip_minor)::bigint AS tip_minor, sum(total_sats)::bigint AS total_sats,
    sum(tip_sats)::bigint AS tip_sats, sum(received_sats)::bigint AS received_sats
FROM parts
GROUP BY number, currency, currency_digits HAVING sum(sales) > 0
ORDER BY number, sum(total_sats) DESC, currency;
