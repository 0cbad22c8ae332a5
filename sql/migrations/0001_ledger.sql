-- The ledger: payments, their transfers, the recipients' invoices, and the story of each.
-- Amounts are whole: sats (_sats) and minor units of the sale's currency (_minor).

CREATE TABLE ledger (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- Random, made with the database and kept for its life: part of every externalId.
    id          text NOT NULL CHECK (id ~ '^[a-z0-9]{12}$'),
    -- A database belongs to one network, the first that it sells on.
    network     text CHECK (network IN ('mainnet', 'testnet', 'signet', 'regtest')),
    created_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO ledger (id) VALUES (substr(replace(gen_random_uuid()::text, '-', ''), 1, 12));

-- One row of numbers for payments and transfers, so that no two externalIds can be alike.
CREATE SEQUENCE ledger_numbers;

CREATE TABLE payments (
    id               bigint PRIMARY KEY DEFAULT nextval('ledger_numbers'),
    state            text NOT NULL CHECK (state IN ('intended', 'awaiting', 'cancelling',
                         'cancelled', 'expired', 'failed', 'paid', 'completed')),
    -- Forwarded from this wallet or not at all, whatever key is set later.
    network          text NOT NULL,
    account_id       text NOT NULL,
    wallet_id        text NOT NULL,
    till             text NOT NULL,
    currency         text NOT NULL,
    currency_digits  smallint NOT NULL CHECK (currency_digits BETWEEN 0 AND 8),
    currency_symbol  text NOT NULL,
    items_minor      bigint[] NOT NULL CHECK (cardinality(items_minor) > 0),
    base_minor       bigint NOT NULL CHECK (base_minor > 0),
    tip_minor        bigint NOT NULL CHECK (tip_minor >= 0),
    tip_percent      numeric NOT NULL CHECK (tip_percent BETWEEN 0 AND 100),
    -- The price of one sat: price_base / 10^price_offset minor units; null in sats.
    price_base       bigint CHECK (price_base > 0),
    price_offset     smallint,
    price_as_of      timestamptz,
    total_sats       bigint NOT NULL CHECK (total_sats BETWEEN 1 AND 2100000000000000),
    tip_sats         bigint NOT NULL CHECK (tip_sats BETWEEN 0 AND total_sats),
    note             text NOT NULL,
    memo             text NOT NULL,
    -- Attempts at the customer's invoice; the last one's externalId is stored before the call.
    attempt          integer NOT NULL DEFAULT 0,
    payment_hash     text UNIQUE CHECK (payment_hash ~ '^[0-9a-f]{64}$'),
    payment_request  text,
    expires_at       timestamptz,
    received_sats    bigint CHECK (received_sats > 0),
    was_closed       boolean NOT NULL DEFAULT false,
    reason           text NOT NULL DEFAULT '',
    created_at       timestamptz NOT NULL DEFAULT now(),
    paid_at          timestamptz,
    completed_at     timestamptz,
    CHECK ((payment_hash IS NULL) = (payment_request IS NULL)),
    CHECK ((payment_hash IS NULL) = (expires_at IS NULL)),
    CHECK (state NOT IN ('awaiting', 'cancelling', 'expired', 'paid', 'completed')
           OR payment_hash IS NOT NULL),
    CHECK ((state IN ('paid', 'completed')) = (paid_at IS NOT NULL)),
    CHECK ((state IN ('paid', 'completed')) = (received_sats IS NOT NULL)),
    CHECK ((state = 'completed') = (completed_at IS NOT NULL))
);
CREATE INDEX payments_open ON payments (account_id, greatest(expires_at, created_at))
    WHERE state IN ('awaiting', 'cancelling', 'cancelled', 'expired');
CREATE INDEX payments_unfinished ON payments (account_id, paid_at) WHERE state = 'paid';
CREATE INDEX payments_paid_at ON payments (paid_at) WHERE paid_at IS NOT NULL;

CREATE TABLE transfers (
    id             bigint PRIMARY KEY DEFAULT nextval('ledger_numbers'),
    payment_id     bigint NOT NULL REFERENCES payments,
    position       smallint NOT NULL,
    role           text NOT NULL CHECK (role IN ('merchant', 'tip')),
    recipient      text NOT NULL,
    sats           bigint NOT NULL CHECK (sats > 0),
    memo           text NOT NULL CHECK (memo <> ''),
    state          text NOT NULL CHECK (state IN ('planned', 'prepared', 'sending', 'unknown',
                       'in_flight', 'settled', 'kept', 'attention')),
    reason         text NOT NULL DEFAULT '',
    tries          integer NOT NULL DEFAULT 0,
    attempt        integer NOT NULL DEFAULT 0,
    -- Who works on it. No step's safety rests on this: only on the stored invoice.
    claimed_by     uuid,
    claimed_until  timestamptz,
    last_sent_at   timestamptz,
    settled_at     timestamptz,
    UNIQUE (payment_id, position),
    CHECK ((state = 'settled') = (settled_at IS NOT NULL))
);
CREATE INDEX transfers_tips ON transfers (recipient, payment_id) WHERE role = 'tip';

-- An attempt is written before its call, and gets its invoice by compare-and-set.
CREATE TABLE recipient_invoices (
    external_id      text PRIMARY KEY CHECK (external_id ~ '^[a-z0-9_-]{1,100}$'),
    transfer_id      bigint NOT NULL REFERENCES transfers,
    payment_hash     text UNIQUE CHECK (payment_hash ~ '^[0-9a-f]{64}$'),
    payment_request  text,
    expires_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    retired_at       timestamptz,
    CHECK ((payment_hash IS NULL) = (payment_request IS NULL)),
    CHECK ((payment_hash IS NULL) = (expires_at IS NULL))
);
-- A transfer has one live recipient's invoice, never overwritten.
CREATE UNIQUE INDEX recipient_invoices_live ON recipient_invoices (transfer_id)
    WHERE payment_hash IS NOT NULL AND retired_at IS NULL;

-- Every change of state is one row; the story only grows.
CREATE TABLE events (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    payment_id   bigint NOT NULL REFERENCES payments,
    transfer_id  bigint REFERENCES transfers,
    till         text NOT NULL,
    process      uuid NOT NULL,
    event        text NOT NULL,
    state_before text,
    state_after  text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    error        text NOT NULL DEFAULT ''
);
CREATE INDEX events_of_payment ON events (payment_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are only ever added';
END $$;
CREATE TRIGGER events_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a payment or a recipient's invoice was is never written over: money may be under way for it.
CREATE FUNCTION refuse_overwrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a stored invoice is never written over';
END $$;
CREATE TRIGGER payments_keep_invoice BEFORE UPDATE ON payments FOR EACH ROW
    WHEN (OLD.payment_hash IS NOT NULL
          AND (NEW.payment_hash, NEW.payment_request, NEW.total_sats, NEW.wallet_id,
               NEW.account_id, NEW.network)
              IS DISTINCT FROM (OLD.payment_hash, OLD.payment_request, OLD.total_sats,
                                OLD.wallet_id, OLD.account_id, OLD.network))
    EXECUTE FUNCTION refuse_overwrite();
CREATE TRIGGER recipient_invoices_keep BEFORE UPDATE ON recipient_invoices FOR EACH ROW
    WHEN (OLD.payment_hash IS NOT NULL
          AND (NEW.external_id, NEW.transfer_id, NEW.payment_hash, NEW.payment_request)
              IS DISTINCT FROM (OLD.external_id, OLD.transfer_id, OLD.payment_hash,
                                OLD.payment_request))
    EXECUTE FUNCTION refuse_overwrite();
CREATE TRIGGER recipient_invoices_stay BEFORE DELETE OR TRUNCATE ON recipient_invoices
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_overwrite();
