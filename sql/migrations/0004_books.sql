-- The books: double entry for every paid payment, and what reconciling with Blink came to.

-- What a payment asks for is split to the last sat: checked when the transaction commits.
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payment  bigint;
    total    bigint;
    tip      bigint;
    parts    bigint;
    tips     bigint;
BEGIN
    IF TG_TABLE_NAME = 'payments' THEN
        payment := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        payment := OLD.payment_id;
    ELSE
        payment := NEW.payment_id;
        IF TG_OP = 'UPDATE' AND OLD.payment_id <> NEW.payment_id THEN
            RAISE EXCEPTION 'a transfer belongs to one payment' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    SELECT total_sats, tip_sats INTO total, tip FROM payments WHERE id = payment;
    SELECT coalesce(sum(sats), 0), coalesce(sum(sats) FILTER (WHERE role = 'tip'), 0)
        INTO parts, tips FROM transfers WHERE payment_id = payment;
    IF parts <> total OR tips <> tip THEN
        RAISE EXCEPTION 'the transfers of payment % are % sats with % of tips, not % with %',
            payment, parts, tips, total, tip USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payments_balance AFTER INSERT OR UPDATE OF total_sats, tip_sats
    ON payments DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();
CREATE CONSTRAINT TRIGGER transfers_balance
    AFTER INSERT OR DELETE OR UPDATE OF payment_id, role, sats
    ON transfers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced();

-- What came in is never forgotten; a sum that was not known at once can only be found to be more.
CREATE FUNCTION refuse_less() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what came in is never made less' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER payments_keep_received BEFORE UPDATE ON payments FOR EACH ROW
    WHEN (OLD.received_sats IS NOT NULL
          AND (NEW.received_sats IS NULL OR NEW.received_sats < OLD.received_sats))
    EXECUTE FUNCTION refuse_less();

-- The collecting wallet's account of each payment that was received: what came in is above 0,
-- where it went is below 0, and a payment's entries sum to 0. Whole sats. Inside Blink a send
-- has no fee; one that had would be an entry 'fees'.
CREATE VIEW ledger_entries AS
    SELECT id AS payment_id, NULL::bigint AS transfer_id, 'received' AS account,
        received_sats AS sats
    FROM payments WHERE received_sats IS NOT NULL
UNION ALL
    SELECT t.payment_id, t.id,
        CASE t.state WHEN 'settled' THEN 'sent' WHEN 'kept' THEN 'kept' ELSE 'owed' END, -t.sats
    FROM transfers t JOIN payments p ON p.id = t.payment_id WHERE p.received_sats IS NOT NULL
UNION ALL
    SELECT id, NULL::bigint, 'surplus', total_sats - received_sats
    FROM payments WHERE received_sats <> total_sats;

CREATE VIEW payment_balances AS
SELECT payment_id,
    coalesce(sum(sats) FILTER (WHERE account = 'received'), 0)::bigint AS received_sats,
    coalesce(-sum(sats) FILTER (WHERE account = 'sent'), 0)::bigint AS sent_sats,
    coalesce(-sum(sats) FILTER (WHERE account = 'kept'), 0)::bigint AS kept_sats,
    coalesce(-sum(sats) FILTER (WHERE account = 'owed'), 0)::bigint AS owed_sats,
    coalesce(-sum(sats) FILTER (WHERE account = 'surplus'), 0)::bigint AS surplus_sats,
    coalesce(-sum(sats) FILTER (WHERE account = 'fees'), 0)::bigint AS fees_sats,
    sum(sats)::bigint AS balance_sats
FROM ledger_entries GROUP BY payment_id;

-- Each comparison with Blink; one that was not finished proves nothing.
CREATE TABLE reconciliations (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id    text NOT NULL,
    till          text NOT NULL,
    process       uuid NOT NULL,
    window_start  timestamptz NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    -- Where the next one begins; null when this one left a gap behind the last one's window.
    next_start    timestamptz,
    asked         integer,
    transactions  integer,
    not_ours      integer,
    found         integer,
    fixed         integer,
    remaining     integer,
    CHECK ((finished_at IS NULL) = (remaining IS NULL)),
    CHECK (next_start IS NULL OR finished_at IS NOT NULL)
);
CREATE INDEX reconciliations_complete ON reconciliations (account_id, id)
    WHERE next_start IS NOT NULL;
CREATE INDEX transfers_settled_at ON transfers (settled_at) WHERE settled_at IS NOT NULL;
