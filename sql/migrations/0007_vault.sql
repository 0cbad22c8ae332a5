-- Backups that were made, a ledger that has moved elsewhere, and the history of the shop's till before.

-- Verified ones only: what was made, when, and where it lies.
CREATE TABLE backups (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The moment that it shows.
    made_at      timestamptz NOT NULL,
    verified_at  timestamptz NOT NULL DEFAULT now(),
    till         text NOT NULL,
    -- A file on the till's machine.
    place        text NOT NULL,
    bytes        bigint NOT NULL CHECK (bytes > 0),
    encrypted    boolean NOT NULL,
    -- Where it was restored to and compared.
    verified_in  text NOT NULL CHECK (verified_in IN ('same_server', 'built_in'))
);

-- A ledger lives in one place. From the first word of a move on, no till opens this one again.
CREATE TABLE moves (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- Without a password.
    target      text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    moved_at    timestamptz
);

-- What another till did before this one. Nothing here is ever forwarded: the engine's queries do
-- not know these tables.
CREATE TABLE imported_payments (
    payment_hash   text PRIMARY KEY CHECK (payment_hash ~ '^[0-9a-f]{64}$'),
    origin         text NOT NULL CHECK (origin IN ('tip_store', 'payment_splits')),
    status         text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed',
                       'expired')),
    -- As the origin has them: it rounded each by itself, so they may differ by a sat.
    total_sats     bigint NOT NULL CHECK (total_sats >= 0),
    base_sats      bigint NOT NULL CHECK (base_sats >= 0),
    tip_sats       bigint NOT NULL CHECK (tip_sats >= 0),
    tip_percent    numeric,
    tip_recipient  text,
    wallet_id      text,
    currency       text,
    base_display   numeric,
    tip_display    numeric,
    memo           text,
    error          text,
    created_at     timestamptz NOT NULL,
    processed_at   timestamptz,
    expires_at     timestamptz,
    -- What else the origin knew, without keys.
    extra          jsonb NOT NULL,
    imported_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX imported_payments_created ON imported_payments (created_at);
CREATE INDEX imported_payments_unfinished ON imported_payments (created_at)
    WHERE status IN ('pending', 'processing');

CREATE TABLE imported_events (
    -- Of all that the origin says of it: the same event is imported once.
    fingerprint   text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
    payment_hash  text NOT NULL CHECK (payment_hash ~ '^[0-9a-f]{64}$'),
    event         text NOT NULL,
    status        text,
    error         text,
    at            timestamptz NOT NULL,
    extra         jsonb NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX imported_events_of ON imported_events (payment_hash, at);
