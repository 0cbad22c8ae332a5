-- A shop's history: one payment after another at a constant rate, up to now. Always the same rows
-- for the same numbers. Wants a migrated, empty ledger and a superuser.

-- name: payments
-- Numbers n + 1 to n + 3 are a payment's and its two transfers': 3 in 4 sales have a tip. Of 1000
-- sales 20 expired, 5 were cancelled and 1 failed; a few of the last ones wait for a person or are
-- open.
INSERT INTO payments (id, state, network, account_id, wallet_id, till, currency, currency_digits,
    currency_symbol, items_minor, base_minor, tip_minor, tip_percent, price_base, price_offset,
    price_as_of, total_sats, tip_sats, note, memo, attempt, payment_hash, payment_request,
    expires_at, received_sats, created_at, paid_at, completed_at, seen_at)
SELECT 3 * i + 1, state, 'regtest', 'account-1', 'wallet-1', 'counter ' || 1 + i %% 4,
    CASE WHEN is_fiat THEN 'USD' ELSE 'SATS' END, CASE WHEN is_fiat THEN 2 ELSE 0 END,
    CASE WHEN is_fiat THEN '$' ELSE 'sats' END, ARRAY[base], base, tip,
    CASE WHEN tip > 0 THEN 10 ELSE 0 END, CASE WHEN is_fiat THEN 100000 END,
    CASE WHEN is_fiat THEN 6 END, CASE WHEN is_fiat THEN made END,
    (base + tip) * rate, tip * rate, note, note || ' ' || base || ' sats', 1,
    CASE WHEN state <> 'failed' THEN encode(sha256(convert_to('payment ' || i, 'UTF8')), 'hex') END,
    CASE WHEN state <> 'failed' THEN 'lnbcrt' || repeat(md5(i::text), 10) END,
    CASE WHEN state <> 'failed' THEN made + interval '15 minutes' END,
    CASE WHEN state IN ('paid', 'completed') THEN (base + tip) * rate END, made,
    CASE WHEN state IN ('paid', 'completed') THEN made + interval '9 seconds' END,
    CASE WHEN state = 'completed' THEN made + interval '10 seconds' END,
    CASE WHEN state IN ('paid', 'completed') THEN made + interval '10 seconds' END
FROM (
    SELECT i, i %% 5 <> 0 AS is_fiat, CASE WHEN i %% 5 <> 0 THEN 10 ELSE 1 END AS rate,
        50 + (i * 7919) %% 3000 AS base,
        CASE WHEN i %% 4 <> 0 THEN (50 + (i * 7919) %% 3000) / 10 ELSE 0 END AS tip,
        %(now)s::timestamptz - make_interval(secs => (%(payments)s - i) * %(seconds_between)s)
            AS made,
        CASE WHEN i >= %(payments)s - 5 THEN 'awaiting'
             WHEN i %% 1000 < 20 THEN 'expired' WHEN i %% 1000 < 25 THEN 'cancelled'
             WHEN i %% 1000 = 25 THEN 'failed' WHEN i %% 1000 = 26 AND i >= %(payments)s - 20000 THEN 'paid'
             ELSE 'completed' END AS state,
        -- One sale in five has a note: a table, often a drink, seldom a name.
        CASE WHEN i %% 5 = 1 THEN 'table ' || 1 + i %% 37
            || CASE i %% 7 WHEN 0 THEN ' latte' WHEN 1 THEN ' stout' WHEN 2 THEN ' Grüner Tee'
               ELSE '' END
            || CASE WHEN i %% 1231 = 0 THEN ' for Ngozi' ELSE '' END
        ELSE '' END AS note
    FROM generate_series(%(first)s::bigint, %(payments)s::bigint - 1) i
) sale;

-- name: transfers
INSERT INTO transfers (id, payment_id, position, role, recipient, sats, memo, state, reason,
    attempt, last_sent_at, settled_at)
SELECT id + 1 + position, id, position, role, recipient, sats, 'BlinkPOS: ' || memo, state,
    CASE state WHEN 'attention' THEN 'dani: This Blink account can no longer receive.' ELSE '' END,
    CASE WHEN state = 'planned' THEN 0 ELSE 1 END,
    CASE WHEN state IN ('settled', 'attention') THEN paid_at END,
    CASE WHEN state = 'settled' THEN paid_at + interval '1 second' END
FROM (
    SELECT p.id, p.memo, p.paid_at, part.position, part.role, part.recipient, part.sats,
        CASE WHEN p.state = 'completed' THEN 'settled'
             WHEN p.state = 'paid' THEN CASE part.role WHEN 'tip' THEN 'attention'
                                        ELSE 'settled' END
             WHEN p.state = 'failed' THEN 'planned' ELSE 'prepared' END AS state
    FROM payments p
    CROSS JOIN LATERAL (VALUES (0, 'merchant', 'cafe', p.total_sats - p.tip_sats),
        (1, 'tip', (ARRAY['ana', 'ben', 'chidi', 'dani'])[1 + p.id / 12 %% 4], p.tip_sats)
    ) part (position, role, recipient, sats)
    WHERE part.sats > 0 AND p.id > 3 * %(first)s::bigint
) sent;

-- name: invoices
INSERT INTO recipient_invoices (external_id, transfer_id, sats, payment_hash, payment_request,
    expires_at, created_at)
SELECT 'bp-' || ledger.id || '-' || t.id || '-1', t.id, t.sats,
    encode(sha256(convert_to('transfer ' || t.id, 'UTF8')), 'hex'),
    'lnbcrt' || repeat(md5(t.id::text), 10), p.created_at + interval '1 day', p.created_at
FROM transfers t JOIN payments p ON p.id = t.payment_id CROSS JOIN ledger
WHERE t.state <> 'planned' AND t.id > 3 * %(first)s::bigint;

-- name: events
-- The story of each payment and of each transfer, as the till writes it.
INSERT INTO events (at, payment_id, transfer_id, till, process, event, state_before, state_after,
    reason)
SELECT p.created_at + step.after, p.id,
    CASE WHEN step.position IS NOT NULL THEN p.id + 1 + step.position END, p.till,
    '7b1f0000-0000-4000-8000-000000000001', step.event, step.state_before, step.state_after,
    step.reason
FROM payments p
CROSS JOIN (VALUES
    (1, NULL, 'intended', NULL, 'intended', '', interval '0'),
    (2, 0, 'planned', NULL, 'planned', '', interval '0'),
    (3, 1, 'planned', NULL, 'planned', '', interval '0'),
    (4, NULL, 'failed', 'intended', 'failed', 'no invoice could be had', interval '1 second'),
    (5, NULL, 'invoice_attached', 'intended', 'awaiting', '', interval '0.2 seconds'),
    (6, 0, 'invoice_stored', 'planned', 'prepared', '', interval '0.4 seconds'),
    (7, 1, 'invoice_stored', 'planned', 'prepared', '', interval '0.6 seconds'),
    (8, NULL, 'paid', 'awaiting', 'paid', 'Blink says it is paid', interval '9 seconds'),
    (9, NULL, 'expired', 'awaiting', 'expired', 'Blink says its time is over',
        interval '15 minutes'),
    (10, NULL, 'cancelling', 'awaiting', 'cancelling', 'Cancelled at the counter.',
        interval '20 seconds'),
    (11, NULL, 'cancelled', 'cancelling', 'cancelled', 'Cancelled at the counter.',
        interval '21 seconds'),
    (12, 0, 'send_started', 'prepared', 'sending', '', interval '9.1 seconds'),
    (13, 0, 'send_succeeded', 'sending', 'settled', '', interval '9.4 seconds'),
    (14, 1, 'send_started', 'prepared', 'sending', '', interval '9.5 seconds'),
    (15, 1, 'send_succeeded', 'sending', 'settled', '', interval '9.8 seconds'),
    (16, 1, 'gave_up', 'prepared', 'attention',
        'dani: This Blink account can no longer receive.', interval '9.9 seconds'),
    (17, NULL, 'completed', 'paid', 'completed', 'every transfer has settled or is kept',
        interval '10 seconds')
) step (number, position, event, state_before, state_after, reason, after)
WHERE p.id > 3 * %(first)s::bigint
  AND (step.position IS DISTINCT FROM 1 OR p.tip_sats > 0)
  AND step.number = ANY(CASE p.state
      WHEN 'failed' THEN ARRAY[1, 2, 3, 4]
      WHEN 'awaiting' THEN ARRAY[1, 2, 3, 5, 6, 7]
      WHEN 'expired' THEN ARRAY[1, 2, 3, 5, 6, 7, 9]
      WHEN 'cancelled' THEN ARRAY[1, 2, 3, 5, 6, 7, 10, 11]
      WHEN 'paid' THEN ARRAY[1, 2, 3, 5, 6, 7, 8, 12, 13, 16]
      ELSE ARRAY[1, 2, 3, 5, 6, 7, 8, 12, 13, 14, 15, 17] END)
ORDER BY p.id, step.number;

-- name: numbers
SELECT setval('ledger_numbers', 3 * %(payments)s::bigint + 1);

-- name: network
UPDATE ledger SET network = 'regtest', created_at = (SELECT min(created_at) FROM payments);
