-- name: pin_formats
-- Text that every version writes and reads alike; no limit on how long a whole ledger takes, and an
-- end to a transaction whose other side has died. A setting that a version lacks is left out.
SELECT set_config(pinned.name, pinned.value, true)
FROM (VALUES ('TimeZone', 'UTC'), ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'),
    ('extra_float_digits', '1'), ('bytea_output', 'hex'), ('statement_timeout', '0'),
    ('transaction_timeout', '0'), ('idle_in_transaction_session_timeout', '10min'),
    ('tcp_keepalives_idle', '60'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '6')
) AS pinned (name, value)
JOIN pg_settings USING (name);

-- name: whole_tables
-- The ledger's own tables, with the columns that are copied and the amounts that are summed.
SELECT c.relname::text AS name,
    array_agg(a.attname::text ORDER BY a.attnum) AS columns,
    coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (
        WHERE a.attname LIKE '%%sats' AND a.atttypid IN ('int8'::regtype, 'numeric'::regtype)
    ), '{}') AS amounts
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = ''
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relname = ANY(%(known)s)
GROUP BY c.relname
ORDER BY c.relname;

-- name: whole_sequences
-- Every sequence of those tables and of the ledger itself.
SELECT c.relname::text AS name
FROM pg_class c
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class owner ON owner.oid = d.refobjid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
  AND (c.relname = ANY(%(known)s) OR owner.relname = ANY(%(tables)s))
ORDER BY c.relname;

-- name: applied_migrations
SELECT version, name, checksum FROM schema_migrations ORDER BY version;

-- name: has_table
SELECT to_regclass(quote_ident(current_schema()) || '.' || quote_ident(%(name)s)) IS NOT NULL
    AS is_there;

-- name: known_names
-- Which of the ledger's names are taken in this schema.
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(%(known)s)
UNION ALL
SELECT proname::text FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proname = ANY(%(known)s)
ORDER BY 1;

-- name: look_anew
-- The sessions are read once a transaction, unless they are asked for anew.
SELECT pg_stat_clear_snapshot();

-- name: other_tills
-- Sessions of tills and their commands in this database, other than ours.
SELECT count(*) AS sessions FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'blinkpos'
  AND pid <> pg_backend_pid();

-- name: foreign_keys
SELECT c.conrelid::regclass::text AS table_name, quote_ident(c.conname) AS name,
    pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c
WHERE c.contype = 'f' AND c.conparentid = 0
  AND c.connamespace = current_schema()::regnamespace
  AND c.conrelid IN (SELECT oid FROM pg_class WHERE relname = ANY(%(tables)s))
ORDER BY c.conrelid, c.conname;

-- name: stale_scratch
-- Databases that a verification left behind when it was killed: nobody is connected to them.
SELECT datname::text AS name FROM pg_database d
WHERE datname ~ '^blinkpos_scratch_[0-9]+_[0-9a-f]+$'
  AND split_part(datname, '_', 3)::bigint < extract(epoch FROM now()) - %(seconds)s
  AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname);
