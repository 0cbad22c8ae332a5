-- What owners ask, at any size: sales by time, amount and words, and sums that are right at every
-- moment, for they change in the transaction that changes what they count.

-- History is paged by when a sale was made, newest first.
CREATE INDEX payments_made ON payments (created_at, id);
CREATE INDEX payments_sats ON payments (total_sats, created_at, id);
CREATE INDEX payments_price ON payments (currency, (base_minor + tip_minor), created_at, id);
-- Whole words of the note, in any language, without an extension. Most sales have no note: an
-- index of an expression needs no new column, and rewrites no table under a till that sells.
CREATE INDEX payments_words ON payments USING gin (to_tsvector('simple'::regconfig, note))
    WHERE note <> '';
-- How common each word is: by it the planner knows whether to walk the sales or to look words up.
CREATE STATISTICS payments_note_words ON (to_tsvector('simple'::regconfig, note)) FROM payments;
-- Few rows of many: what is under way.
CREATE INDEX payments_active ON payments (created_at)
    WHERE state IN ('intended', 'awaiting', 'cancelling', 'paid');

-- All attempts at a transfer's invoices, whatever became of them.
CREATE INDEX recipient_invoices_of ON recipient_invoices (transfer_id);

-- Sums of paid sales, by the hour and by the day (of UTC) in which they were paid. A shop's own day
-- is put together from them, and from the rows themselves where it begins within an hour.
CREATE TABLE sale_sums (
    grain            text NOT NULL CHECK (grain IN ('hour', 'day')),
    start            timestamptz NOT NULL CHECK (date_trunc(grain, start, 'UTC') = start),
    currency         text NOT NULL,
    currency_digits  smallint NOT NULL,
    currency_symbol  text NOT NULL,
    sales            bigint NOT NULL,
    base_minor       numeric NOT NULL,
    tip_minor        numeric NOT NULL,
    total_sats       numeric NOT NULL,
    tip_sats         numeric NOT NULL,
    received_sats    numeric NOT NULL,
    PRIMARY KEY (grain, start, currency, currency_digits)
) WITH (fillfactor = 50);

-- Their tips, by the recipient as well; each stands in one of four ways.
CREATE TABLE tip_sums (
    grain           text NOT NULL CHECK (grain IN ('hour', 'day')),
    start           timestamptz NOT NULL CHECK (date_trunc(grain, start, 'UTC') = start),
    recipient       text NOT NULL,
    tips            bigint NOT NULL,
    sats            numeric NOT NULL,
    settled_sats    numeric NOT NULL,
    attention_sats  numeric NOT NULL,
    kept_sats       numeric NOT NULL,
    -- When the last of them was paid; null when none is left.
    last_at         timestamptz,
    PRIMARY KEY (grain, start, recipient)
) WITH (fillfactor = 50);

-- In plpgsql, which keeps its plans for a connection.
CREATE FUNCTION add_sale(sale payments, sign integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sale_sums AS s (grain, start, currency, currency_digits, currency_symbol, sales,
        base_minor, tip_minor, total_sats, tip_sats, received_sats)
    SELECT grain, date_trunc(grain, sale.paid_at, 'UTC'), sale.currency, sale.currency_digits,
        sale.currency_symbol, sign, sign * sale.base_minor, sign * sale.tip_minor,
        sign * sale.total_sats, sign * sale.tip_sats, sign * sale.received_sats
    FROM (VALUES ('hour'), ('day')) grains (grain)
    ON CONFLICT (grain, start, currency, currency_digits) DO UPDATE SET
        sales = s.sales + excluded.sales,
        base_minor = s.base_minor + excluded.base_minor,
        tip_minor = s.tip_minor + excluded.tip_minor,
        total_sats = s.total_sats + excluded.total_sats,
        tip_sats = s.tip_sats + excluded.tip_sats,
        received_sats = s.received_sats + excluded.received_sats;
END $$;

-- What tips that stood so no longer add, and what they add as they stand now.
CREATE FUNCTION add_tips(paid timestamptz, before transfers[], after transfers[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tip_sums AS s (grain, start, recipient, tips, sats, settled_sats, attention_sats,
        kept_sats, last_at)
    SELECT grain, date_trunc(grain, paid, 'UTC'), recipient, sum(sign), sum(sign * sats),
        coalesce(sum(sign * sats) FILTER (WHERE state = 'settled'), 0),
        coalesce(sum(sign * sats) FILTER (WHERE state = 'attention'), 0),
        coalesce(sum(sign * sats) FILTER (WHERE state = 'kept'), 0), paid
    FROM (SELECT -1 AS sign, recipient, sats, state, role FROM unnest(before)
          UNION ALL SELECT 1, recipient, sats, state, role FROM unnest(after)) tip
    CROSS JOIN (VALUES ('hour'), ('day')) grains (grain)
    WHERE role = 'tip'
    GROUP BY grain, recipient
    ORDER BY grain, recipient
    ON CONFLICT (grain, start, recipient) DO UPDATE SET
        tips = s.tips + excluded.tips,
        sats = s.sats + excluded.sats,
        settled_sats = s.settled_sats + excluded.settled_sats,
        attention_sats = s.attention_sats + excluded.attention_sats,
        kept_sats = s.kept_sats + excluded.kept_sats,
        -- Only who loses a tip has to look for the last one again.
        last_at = CASE WHEN excluded.tips >= 0 THEN greatest(s.last_at, excluded.last_at) ELSE
            (SELECT max(p.paid_at) FROM payments p
             JOIN transfers t ON t.payment_id = p.id AND t.role = 'tip'
             WHERE p.paid_at >= s.start AND p.paid_at < s.start + ('1 ' || s.grain)::interval
               AND t.recipient = s.recipient) END;
END $$;

CREATE FUNCTION count_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tips  transfers[];
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.paid_at IS NOT NULL THEN
        PERFORM add_sale(OLD, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.paid_at IS NOT NULL THEN
        PERFORM add_sale(NEW, 1);
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.paid_at IS DISTINCT FROM NEW.paid_at THEN
        SELECT array_agg(t) INTO tips FROM transfers t
            WHERE t.payment_id = NEW.id AND t.role = 'tip';
        IF OLD.paid_at IS NOT NULL THEN
            PERFORM add_tips(OLD.paid_at, tips, NULL);
        END IF;
        IF NEW.paid_at IS NOT NULL THEN
            PERFORM add_tips(NEW.paid_at, NULL, tips);
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_count_new AFTER INSERT ON payments FOR EACH ROW
    WHEN (NEW.paid_at IS NOT NULL) EXECUTE FUNCTION count_payment();
CREATE TRIGGER payments_count AFTER UPDATE ON payments FOR EACH ROW
    WHEN ((NEW.paid_at, NEW.currency, NEW.currency_digits, NEW.base_minor, NEW.tip_minor,
           NEW.total_sats, NEW.tip_sats, NEW.received_sats)
          IS DISTINCT FROM (OLD.paid_at, OLD.currency, OLD.currency_digits, OLD.base_minor,
           OLD.tip_minor, OLD.total_sats, OLD.tip_sats, OLD.received_sats))
    EXECUTE FUNCTION count_payment();
CREATE TRIGGER payments_count_gone AFTER DELETE ON payments FOR EACH ROW
    EXECUTE FUNCTION count_payment();

CREATE FUNCTION count_tip() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid  timestamptz;
BEGIN
    -- Whoever records the payment as paid counts its tips as they stand then: one after the other.
    SELECT p.paid_at INTO paid FROM payments p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.payment_id ELSE NEW.payment_id END
        FOR NO KEY UPDATE;
    IF paid IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM add_tips(paid, CASE WHEN TG_OP <> 'INSERT' THEN ARRAY[OLD] END,
        CASE WHEN TG_OP <> 'DELETE' THEN ARRAY[NEW] END);
    RETURN NULL;
END $$;
CREATE TRIGGER transfers_count_new AFTER INSERT ON transfers FOR EACH ROW
    WHEN (NEW.role = 'tip') EXECUTE FUNCTION count_tip();
CREATE TRIGGER transfers_count AFTER UPDATE ON transfers FOR EACH ROW
    WHEN ((OLD.role = 'tip' OR NEW.role = 'tip')
          AND ((NEW.role, NEW.recipient, NEW.sats)
                  IS DISTINCT FROM (OLD.role, OLD.recipient, OLD.sats)
               OR NEW.state <> OLD.state
                  AND (NEW.state IN ('settled', 'attention', 'kept')
                       OR OLD.state IN ('settled', 'attention', 'kept'))))
    EXECUTE FUNCTION count_tip();
CREATE TRIGGER transfers_count_gone AFTER DELETE ON transfers FOR EACH ROW
    WHEN (OLD.role = 'tip') EXECUTE FUNCTION count_tip();

-- The same sums from the rows themselves: what is held above must equal it (the audit compares).
CREATE VIEW sale_sums_derived AS
SELECT grain, date_trunc(grain, paid_at, 'UTC') AS start, currency, currency_digits,
    max(currency_symbol) AS currency_symbol, count(*) AS sales, sum(base_minor) AS base_minor,
    sum(tip_minor) AS tip_minor, sum(total_sats) AS total_sats, sum(tip_sats) AS tip_sats,
    sum(received_sats) AS received_sats
FROM payments CROSS JOIN (VALUES ('hour'), ('day')) grains (grain)
WHERE paid_at IS NOT NULL
GROUP BY 1, 2, 3, 4;

CREATE VIEW tip_sums_derived AS
SELECT grain, date_trunc(grain, p.paid_at, 'UTC') AS start, t.recipient, count(*) AS tips,
    sum(t.sats) AS sats,
    coalesce(sum(t.sats) FILTER (WHERE t.state = 'settled'), 0) AS settled_sats,
    coalesce(sum(t.sats) FILTER (WHERE t.state = 'attention'), 0) AS attention_sats,
    coalesce(sum(t.sats) FILTER (WHERE t.state = 'kept'), 0) AS kept_sats,
    max(p.paid_at) AS last_at
FROM payments p JOIN transfers t ON t.payment_id = p.id AND t.role = 'tip'
CROSS JOIN (VALUES ('hour'), ('day')) grains (grain)
WHERE p.paid_at IS NOT NULL
GROUP BY 1, 2, 3;

INSERT INTO sale_sums SELECT * FROM sale_sums_derived;
INSERT INTO tip_sums SELECT * FROM tip_sums_derived;

-- Cuts spans of time (seconds, the end excluded) into whole days and hours, whose sums are held,
-- and what is left of an hour at their ends.
CREATE FUNCTION span_pieces(since double precision[], until double precision[])
RETURNS TABLE (number bigint, grain text, starts timestamptz, ends timestamptz)
LANGUAGE sql STABLE ROWS 50 AS $$
    WITH span AS (
        SELECT spans.number, to_timestamp(spans.since) AS since, to_timestamp(spans.until) AS until
        FROM unnest(since, until) WITH ORDINALITY spans (since, until, number)
    ),
    hours AS (
        SELECT *, least(until, date_trunc('hour', since + interval '3599.999999 s', 'UTC')) AS h1
        FROM span
    ),
    days AS (
        SELECT *, greatest(h1, date_trunc('hour', until, 'UTC')) AS h2,
            date_trunc('day', since + interval '86399.999999 s', 'UTC') AS whole_day
        FROM hours
    )
    SELECT days.number, piece.grain, piece.starts, piece.ends
    FROM days
    CROSS JOIN LATERAL (SELECT least(whole_day, h2) AS d1) first
    CROSS JOIN LATERAL (SELECT greatest(d1, date_trunc('day', until, 'UTC')) AS d2) last
    CROSS JOIN LATERAL (VALUES ('row', since, h1), ('hour', h1, d1), ('day', d1, d2),
        ('hour', d2, h2), ('row', h2, until)) piece (grain, starts, ends)
    WHERE piece.starts < piece.ends
$$;

-- For a person with psql: a day of his own session's time zone is date_trunc('day', hour).
CREATE VIEW active_payments AS
SELECT p.id, p.state, p.till, p.total_sats, p.tip_sats, p.currency,
    p.base_minor + p.tip_minor AS total_minor, p.currency_digits, p.memo, p.payment_hash,
    p.created_at, p.expires_at, p.paid_at,
    count(*) FILTER (WHERE t.state NOT IN ('settled', 'kept')) AS unfinished_transfers,
    count(*) FILTER (WHERE t.state = 'attention') AS attention_transfers
FROM payments p JOIN transfers t ON t.payment_id = p.id
WHERE p.state IN ('intended', 'awaiting', 'cancelling', 'paid')
GROUP BY p.id;

CREATE VIEW payment_statistics AS
SELECT start AS hour, currency, currency_digits, sales, base_minor, tip_minor, total_sats,
    tip_sats, received_sats, round(total_sats / sales, 1) AS average_sats
FROM sale_sums WHERE grain = 'hour' AND sales > 0;

CREATE VIEW top_tip_recipients AS
SELECT recipient, sum(tips)::bigint AS tips, sum(sats) AS sats, sum(settled_sats) AS settled_sats,
    sum(sats - settled_sats - attention_sats - kept_sats) AS open_sats,
    sum(attention_sats) AS attention_sats, sum(kept_sats) AS kept_sats, max(last_at) AS last_at
FROM tip_sums WHERE grain = 'day'
GROUP BY recipient HAVING sum(tips) > 0
ORDER BY sum(sats) DESC, recipient;

-- How it went, by the hour in which sales were paid: seconds from the sale to its payment, and from
-- there to the end of its last transfer.
CREATE VIEW system_metrics AS
SELECT hours.hour, of_it.*
FROM (SELECT DISTINCT hour FROM payment_statistics) hours
CROSS JOIN LATERAL (
    SELECT count(*) AS paid,
        count(*) FILTER (WHERE was_closed) AS paid_late,
        count(*) FILTER (WHERE state <> 'completed') AS unfinished,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM paid_at - created_at))
            AS paid_after_p50,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - paid_at))
            AS completed_after_p50,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - paid_at))
            AS completed_after_p95,
        max(extract(epoch FROM completed_at - paid_at)) AS completed_after_max
    FROM payments
    WHERE paid_at >= hours.hour AND paid_at < hours.hour + interval '1 hour'
) of_it;
