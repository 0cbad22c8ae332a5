-- name: open_attention_alerts
SELECT transfer_id FROM alerts WHERE kind = 'attention' AND over_at IS NULL;

-- name: raise_attention_alert
-- Only while it waits for a person: the list that was read may be a moment old.
INSERT INTO alerts (kind, transfer_id, sentence)
SELECT 'attention', %(transfer_id)s, %(sentence)s
WHERE EXISTS (SELECT FROM transfers WHERE id = %(transfer_id)s AND state = 'attention')
   OR EXISTS (SELECT FROM recipient_invoices WHERE transfer_id = %(transfer_id)s
              AND paid_retired_at IS NOT NULL AND seen_at IS NULL)
ON CONFLICT DO NOTHING;

-- name: end_attention_alerts
UPDATE alerts a SET over_at = now(), claimed_until = NULL
WHERE a.kind = 'attention' AND a.over_at IS NULL
  AND NOT EXISTS (SELECT FROM transfers t WHERE t.id = a.transfer_id AND t.state = 'attention')
  AND NOT EXISTS (SELECT FROM recipient_invoices i WHERE i.transfer_id = a.transfer_id
                  AND i.paid_retired_at IS NOT NULL AND i.seen_at IS NULL);

-- name: backup_age
-- Since the last backup (Unix seconds), or since the first sale; null when there is nothing to lose.
SELECT extract(epoch FROM now() - coalesce(
    to_timestamp(%(made_at)s::bigint),
    (SELECT created_at FROM payments ORDER BY id LIMIT 1)))::float8 AS age;

-- name: raise_backup_alert
INSERT INTO alerts (kind, sentence) VALUES ('backup', %(sentence)s) ON CONFLICT DO NOTHING;

-- name: end_backup_alert
UPDATE alerts SET over_at = now(), claimed_until = NULL
WHERE kind = 'backup' AND over_at IS NULL;

-- name: claim_alerts
-- What is to be told, for whoever comes first; what was over before it was told is nobody's.
UPDATE alerts SET claimed_until = now() + make_interval(secs => %(seconds)s)
WHERE id IN (
    SELECT id FROM alerts
    WHERE ((told_at IS NULL AND over_at IS NULL)
           OR (told_at IS NOT NULL AND over_at IS NOT NULL AND over_told_at IS NULL))
      AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING id, kind, sentence, over_at IS NOT NULL AS is_over,
    extract(epoch FROM coalesce(over_at, raised_at))::bigint AS at;

-- name: alert_told
UPDATE alerts SET told_at = coalesce(told_at, now()), claimed_until = NULL,
    over_told_at = CASE WHEN %(is_over)s THEN now() ELSE over_told_at END
WHERE id = %(id)s;

-- name: release_alert
UPDATE alerts SET claimed_until = NULL WHERE id = %(id)s;
