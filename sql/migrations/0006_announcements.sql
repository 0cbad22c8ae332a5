-- Money that nobody saw go green is announced until somebody has seen it; a surplus is listed.

ALTER TABLE payments
    -- It went green on a screen, or a person has acknowledged it.
    ADD COLUMN seen_at timestamptz,
    -- So much of a surplus has a person taken note of; more that is found later is listed anew.
    ADD COLUMN surplus_seen_sats bigint NOT NULL DEFAULT 0 CHECK (surplus_seen_sats >= 0),
    ADD CHECK (seen_at IS NULL OR paid_at IS NOT NULL),
    ADD CHECK (surplus_seen_sats = 0 OR surplus_seen_sats <= received_sats - total_sats);

-- What was paid before this was kept has been seen, but for late money of the last week.
UPDATE payments SET seen_at = paid_at
WHERE paid_at IS NOT NULL AND NOT (was_closed AND paid_at > now() - interval '7 days');

CREATE INDEX payments_unseen ON payments (paid_at) WHERE paid_at IS NOT NULL AND seen_at IS NULL;
CREATE INDEX payments_surplus ON payments (paid_at)
    WHERE received_sats - total_sats > surplus_seen_sats;

-- What one process learns, the others are told with the commit: which row, never what is in it.
-- A hint; whoever hears it reads the row, and who hears nothing asks at intervals.
CREATE FUNCTION tell_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('blinkpos', json_build_object('process', NEW.process,
        'payment', NEW.payment_id, 'transfer', NEW.transfer_id, 'event', NEW.event,
        'attention', NEW.transfer_id IS NOT NULL
            AND 'attention' IN (NEW.state_before, NEW.state_after))::text);
    RETURN NULL;
END $$;
CREATE TRIGGER events_tell AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.state_before IS NOT NULL
          AND NEW.state_after NOT IN ('awaiting', 'cancelling', 'planned', 'prepared', 'carried',
                                      'sending', 'unknown', 'in_flight')
          OR NEW.state_before = 'attention')
    EXECUTE FUNCTION tell_others();
