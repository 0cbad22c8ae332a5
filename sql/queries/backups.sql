-- name: last_backup
-- The youngest one that was verified.
SELECT extract(epoch FROM made_at)::bigint AS made_at, till, place, bytes, encrypted, verified_in
FROM backups ORDER BY made_at DESC, id DESC LIMIT 1;

-- name: note_backup
INSERT INTO backups (made_at, till, place, bytes, encrypted, verified_in)
VALUES (to_timestamp(%(made_at)s), %(till)s, %(place)s, %(bytes)s, %(encrypted)s,
    %(verified_in)s);

-- name: moment
SELECT extract(epoch FROM now())::bigint AS moment, current_setting('server_version') AS version;
