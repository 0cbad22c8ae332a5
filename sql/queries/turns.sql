-- fragment: turn
-- Mine already, run out, or taken before the database's clock was set back.
ON CONFLICT (wallet_id) DO UPDATE SET process = excluded.process, until = excluded.until
WHERE wallet_turns.process = excluded.process OR wallet_turns.until < now()
   OR wallet_turns.until > now() + make_interval(secs => 2 * %(seconds)s)

-- name: take_turn
-- One process sends from a wallet at a time, by the database's clock; a turn runs out by itself.
INSERT INTO wallet_turns (wallet_id, process, until)
VALUES (%(wallet_id)s, %(process)s, now() + make_interval(secs => %(seconds)s))
{{turn}}
RETURNING wallet_id;

-- name: leave_turn
DELETE FROM wallet_turns WHERE wallet_id = %(wallet_id)s AND process = %(process)s;

-- fragment: more_calls
-- So many more in the window, if there is room for them. One that begins, or is blocked, later than
-- can be is of before the database's clock was set back, and over.
ON CONFLICT (account, kind) DO UPDATE SET
    started_at = CASE WHEN w.started_at BETWEEN now() - interval '60 seconds'
                                            AND now() + interval '60 seconds'
                      THEN w.started_at ELSE now() END,
    calls = CASE WHEN w.started_at BETWEEN now() - interval '60 seconds'
                                       AND now() + interval '60 seconds'
                 THEN w.calls + excluded.calls ELSE excluded.calls END
WHERE w.blocked_until NOT BETWEEN now() AND now() + interval '10 minutes'
  AND (w.calls + excluded.calls <= %(most)s
       OR w.started_at NOT BETWEEN now() - interval '60 seconds' AND now() + interval '60 seconds')

-- name: count_call
-- Takes one call of a window if there is room; says how long to wait otherwise.
WITH seen AS (
    INSERT INTO call_windows AS w (account, kind, calls) VALUES (%(account)s, %(kind)s, 1)
    {{more_calls}}
    RETURNING 1
)
SELECT CASE WHEN EXISTS (SELECT FROM seen) THEN 0
       ELSE least(600, greatest(1, ceil(extract(epoch FROM greatest(
           w.blocked_until, w.started_at + interval '60 seconds') - now()))))::integer END AS wait
FROM (VALUES (1)) one
LEFT JOIN call_windows w ON w.account = %(account)s AND w.kind = %(kind)s;

-- name: block_calls
-- Blink has blocked a kind: nothing of it is asked until then.
INSERT INTO call_windows (account, kind, blocked_until)
VALUES (%(account)s, %(kind)s, now() + make_interval(secs => %(seconds)s))
ON CONFLICT (account, kind) DO UPDATE SET blocked_until = excluded.blocked_until;
