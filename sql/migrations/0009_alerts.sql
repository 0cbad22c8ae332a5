-- What somebody is told by the owner's webhook: each thing once until it is over, then its end,
-- by whichever till gets to it.

CREATE TABLE alerts (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('attention', 'backup')),
    -- What waits for a person.
    transfer_id    bigint REFERENCES transfers,
    sentence       text NOT NULL CHECK (sentence <> ''),
    raised_at      timestamptz NOT NULL DEFAULT now(),
    told_at        timestamptz,
    over_at        timestamptz,
    over_told_at   timestamptz,
    -- Who tells it now; a till that died meanwhile does not keep it for ever.
    claimed_until  timestamptz,
    CHECK ((kind = 'attention') = (transfer_id IS NOT NULL)),
    CHECK (over_told_at IS NULL OR (over_at IS NOT NULL AND told_at IS NOT NULL))
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, coalesce(transfer_id, 0)) WHERE over_at IS NULL;
CREATE INDEX alerts_to_tell ON alerts (id)
    WHERE (told_at IS NULL AND over_at IS NULL)
       OR (told_at IS NOT NULL AND over_at IS NOT NULL AND over_told_at IS NULL);
