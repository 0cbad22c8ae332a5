-- A standby that takes a primary's place begins a new timeline, and may lack its last commits: the
-- ledger knows on which timeline it lives, and nothing is sent from another.

-- PostgreSQL names the timeline in the first eight digits of a WAL file's name; a service that
-- shows no such names has none.
CREATE FUNCTION server_timeline() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN left(pg_walfile_name(pg_current_wal_lsn()), 8);
EXCEPTION WHEN OTHERS THEN
    RETURN '';
END $$;

ALTER TABLE ledger ADD COLUMN timeline text NOT NULL DEFAULT '';
UPDATE ledger SET timeline = server_timeline();
