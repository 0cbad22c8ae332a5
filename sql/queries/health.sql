-- name: health_server
-- The server: what it is, how full it is, and which of our tables it has.
SELECT current_setting('server_version_num')::int AS version_num,
    current_setting('server_version') AS version,
    pg_is_in_recovery() AS is_standby,
    pg_database_size(current_database()) AS size,
    (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL) AS connections,
    current_setting('max_connections')::int AS most_connections,
    pg_backend_pid() AS pid,
    extract(epoch FROM now())::float8 AS moment,
    to_regclass('schema_migrations') IS NOT NULL AS has_history,
    to_regclass('backups') IS NOT NULL AS has_backups;

-- name: health_history
SELECT version, checksum FROM schema_migrations;

-- name: health_ledger
-- What is open: by the indexes of what is unfinished and what waits for a person. What is owed
-- until the recipient's next tip is no trouble. By their names in JSON, columns may be missing: a
-- database can be older than the program, and is not migrated for a look.
WITH open AS (
    SELECT p.paid_at FROM payments p
    WHERE p.state = 'paid' AND EXISTS (
        SELECT FROM transfers t
        WHERE t.payment_id = p.id AND t.state NOT IN ('settled', 'kept')
          AND coalesce(to_jsonb(t) ->> 'trouble', '') <> 'owed')
)
SELECT
    (SELECT count(*) FROM open) AS unfinished,
    (SELECT extract(epoch FROM now() - min(paid_at))::float8 FROM open) AS oldest_unfinished,
    (SELECT to_jsonb(l) ->> 'hold_id' IS NOT NULL FROM ledger l) AS is_held,
    (SELECT count(*) FROM ledger l WHERE to_jsonb(l) ->> 'hold_id' IS NOT NULL)
    + (SELECT count(*) FROM (
        SELECT id FROM transfers WHERE state = 'attention'
        UNION
        SELECT transfer_id FROM recipient_invoices
        WHERE paid_retired_at IS NOT NULL AND seen_at IS NULL
    ) waiting) AS attention;

-- name: health_listed
-- What else is listed for a person, by the indexes of all; columns that an older database lacks.
-- Money that no screen showed is as in unseen_payments.
SELECT (SELECT count(*) FROM transfers t JOIN payments p ON p.id = t.payment_id
        WHERE t.trouble = 'restricted' AND t.state <> 'attention' AND p.state = 'paid')
     + (SELECT count(*) FROM payments WHERE received_sats - total_sats > surplus_seen_sats)
     + (SELECT count(*) FROM payments WHERE paid_at IS NOT NULL AND seen_at IS NULL
        AND (was_closed OR paid_at <= now() - make_interval(secs => %(grace_seconds)s)
             OR paid_at > now() + interval '1 minute')) AS count;

-- name: payments_by_state
-- Those of an account for which money may still arrive, and all unfinished ones: two small indexes.
SELECT state, count(*) AS count FROM payments
WHERE account_id = %(account_id)s AND state IN ('awaiting', 'cancelling', 'cancelled', 'expired')
  AND greatest(expires_at, created_at) > now() - interval '1 day'
GROUP BY state
UNION ALL
SELECT state, count(*) FROM payments WHERE state = 'paid' GROUP BY state;

-- name: transfers_by_state
SELECT t.state, count(*) AS count
FROM payments p JOIN transfers t ON t.payment_id = p.id
WHERE p.state = 'paid'
GROUP BY t.state;
