-- Why Blink refused a transfer, debts under a cent that go with another transfer, and holds.

ALTER TABLE transfers
    DROP CONSTRAINT transfers_state_check,
    ADD CONSTRAINT transfers_state_check CHECK (state IN ('planned', 'prepared', 'carried',
        'sending', 'unknown', 'in_flight', 'settled', 'kept', 'attention')),
    ADD COLUMN trouble text NOT NULL DEFAULT ''
        CHECK (trouble IN ('', 'restricted', 'lasting', 'owed')),
    -- Not tried before; null is now.
    ADD COLUMN due_at timestamptz,
    -- Within whose invoice it goes, or has gone.
    ADD COLUMN carried_by bigint REFERENCES transfers,
    ADD CHECK ((state = 'carried') <= (carried_by IS NOT NULL)),
    ADD CHECK (carried_by IS NULL OR (state IN ('carried', 'settled') AND carried_by <> id));
CREATE INDEX transfers_restricted ON transfers (id) WHERE trouble = 'restricted';
CREATE INDEX transfers_owed ON transfers (recipient) WHERE trouble = 'owed';
CREATE INDEX transfers_carried ON transfers (carried_by) WHERE carried_by IS NOT NULL;

-- What an invoice asks for, from its attempt on: never another sum.
ALTER TABLE recipient_invoices ADD COLUMN sats bigint CHECK (sats > 0);
UPDATE recipient_invoices i SET sats = t.sats FROM transfers t WHERE t.id = i.transfer_id;
ALTER TABLE recipient_invoices ALTER COLUMN sats SET NOT NULL;
CREATE TRIGGER recipient_invoices_keep_sats BEFORE UPDATE ON recipient_invoices FOR EACH ROW
    WHEN (OLD.payment_hash IS NOT NULL AND NEW.sats <> OLD.sats)
    EXECUTE FUNCTION refuse_overwrite();

-- A live invoice asks for its transfer's own sats and those of all that go with it, and what goes
-- with a transfer is for the same recipient: checked when the transaction commits.
CREATE FUNCTION refuse_uncovered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    carrier  bigint;
    wanted   bigint;
BEGIN
    FOR carrier IN
        SELECT DISTINCT id FROM unnest(CASE WHEN TG_TABLE_NAME = 'transfers'
            THEN ARRAY[(to_jsonb(OLD) ->> 'carried_by')::bigint,
                       (to_jsonb(NEW) ->> 'carried_by')::bigint]
            ELSE ARRAY[(to_jsonb(NEW) ->> 'transfer_id')::bigint] END) id
        WHERE id IS NOT NULL
    LOOP
        SELECT t.sats + coalesce((SELECT sum(c.sats) FROM transfers c WHERE c.carried_by = t.id), 0)
            INTO wanted FROM transfers t WHERE t.id = carrier;
        IF EXISTS (SELECT FROM recipient_invoices i WHERE i.transfer_id = carrier
                   AND i.payment_hash IS NOT NULL AND i.retired_at IS NULL AND i.sats <> wanted) THEN
            RAISE EXCEPTION 'the invoice of transfer % does not ask for %', carrier, wanted
                USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM transfers t JOIN transfers c ON c.carried_by = t.id
                   WHERE t.id = carrier AND (t.carried_by IS NOT NULL
                       OR t.recipient <> c.recipient)) THEN
            RAISE EXCEPTION 'transfer % cannot carry that', carrier
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transfers_covered AFTER UPDATE OF carried_by, recipient ON transfers
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_uncovered();
CREATE CONSTRAINT TRIGGER recipient_invoices_cover AFTER INSERT OR UPDATE ON recipient_invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_uncovered();

-- A transfer with its one live invoice and what goes with it. A time to come that is farther off
-- than any can be was set before the database's clock was set back.
CREATE VIEW transfers_now AS
SELECT t.id, t.payment_id, t.position, t.role, t.recipient, t.sats, t.memo, t.state, t.reason,
    t.tries, t.trouble, t.last_sent_at,
    coalesce(t.due_at <= now() OR t.due_at > now() + interval '2 days', true) AS is_due,
    i.external_id, i.payment_hash, i.payment_request, i.sats AS invoice_sats,
    extract(epoch FROM i.expires_at)::bigint AS expires_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'payment_id', c.payment_id,
        'sats', c.sats, 'memo', c.memo) ORDER BY c.id), '[]')
     FROM transfers c WHERE c.carried_by = t.id) AS carries
FROM transfers t
LEFT JOIN recipient_invoices i
    ON i.transfer_id = t.id AND i.payment_hash IS NOT NULL AND i.retired_at IS NULL;

-- Why nothing was forwarded for a time: a newer copy of this ledger may have acted.
CREATE TABLE holds (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause        text NOT NULL CHECK (cause IN ('id_taken', 'restored')),
    external_id  text NOT NULL DEFAULT '',
    till         text NOT NULL,
    process      uuid NOT NULL,
    held_at      timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    -- By a comparison, by whom, or replaced by a later one.
    outcome      text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (outcome = ''))
);
CREATE UNIQUE INDEX holds_live ON holds ((true)) WHERE ended_at IS NULL;

-- On the ledger's one row, which every send locks as it starts: a send has started before a hold,
-- or sees it. Each account is freed by its own comparison.
ALTER TABLE ledger
    ADD COLUMN hold_id bigint REFERENCES holds,
    ADD COLUMN held_accounts text[] NOT NULL DEFAULT '{}',
    ADD CHECK ((hold_id IS NULL) = (held_accounts = '{}'));

-- What a comparison left: what differs, and how much of it only a person can judge. The hold under
-- which it began, and the highest number that Blink showed of this ledger.
ALTER TABLE reconciliations
    ADD COLUMN hold_id bigint REFERENCES holds,
    ADD COLUMN differing integer,
    ADD COLUMN for_person integer,
    ADD COLUMN highest bigint;
