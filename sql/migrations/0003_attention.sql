-- What persons choose for transfers that cannot go on by themselves, and what became of it.

-- Who it was, where a person did it.
ALTER TABLE events ADD COLUMN who text NOT NULL DEFAULT '';

CREATE TABLE choices (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer_id  bigint NOT NULL REFERENCES transfers,
    remedy       text NOT NULL CHECK (remedy IN ('retry', 'send', 'keep')),
    -- The other recipient.
    recipient    text NOT NULL DEFAULT '',
    who          text NOT NULL CHECK (who <> ''),
    made_at      timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    outcome      text NOT NULL DEFAULT '',
    CHECK ((remedy = 'send') = (recipient <> '')),
    CHECK ((ended_at IS NULL) = (outcome = ''))
);
-- One choice waits for Blink at a time; a later one takes its place.
CREATE UNIQUE INDEX choices_waiting ON choices (transfer_id) WHERE ended_at IS NULL;

CREATE INDEX transfers_attention ON transfers (id) WHERE state = 'attention';

-- A retired invoice stays, is watched, and never lives again. Paid after all, it is a finding
-- until somebody has seen it.
ALTER TABLE recipient_invoices
    ADD COLUMN paid_retired_at timestamptz,
    ADD COLUMN seen_at timestamptz,
    ADD CHECK (retired_at IS NULL OR payment_hash IS NOT NULL),
    ADD CHECK (paid_retired_at IS NULL OR retired_at IS NOT NULL),
    ADD CHECK (seen_at IS NULL OR paid_retired_at IS NOT NULL);
CREATE INDEX recipient_invoices_watched ON recipient_invoices (greatest(retired_at, expires_at))
    WHERE retired_at IS NOT NULL AND paid_retired_at IS NULL;
CREATE INDEX recipient_invoices_found ON recipient_invoices (transfer_id)
    WHERE paid_retired_at IS NOT NULL AND seen_at IS NULL;
CREATE TRIGGER recipient_invoices_stay_retired BEFORE UPDATE ON recipient_invoices FOR EACH ROW
    WHEN (OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at)
    EXECUTE FUNCTION refuse_overwrite();
