-- What is written of an account's sales is told to that account's tills alone: in a chain of shops the
-- others' tills need not wake for it. That a transfer has settled is told with its payment's
-- completion.

CREATE FUNCTION news_channel(account_id text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'blinkpos_' || left(encode(sha256(convert_to(account_id, 'UTF8')), 'hex'), 32)
$$;

-- What tills of any account list: what needs a person, and what a person has seen.
CREATE FUNCTION is_listed_by_all(event events) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT event.transfer_id IS NOT NULL
               AND 'attention' IN (coalesce(event.state_before, ''), event.state_after)
        OR event.who <> '' OR event.event = 'received_more'
$$;

CREATE OR REPLACE FUNCTION tell_others() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    news text := json_build_object('process', NEW.process,
        'payment', NEW.payment_id, 'transfer', NEW.transfer_id, 'event', NEW.event,
        'attention', NEW.transfer_id IS NOT NULL
            AND 'attention' IN (NEW.state_before, NEW.state_after))::text;
BEGIN
    IF NEW.state_after = 'settled' AND NEW.state_before <> 'attention' THEN
        RETURN NULL;
    END IF;
    -- Tills of the version before, which may be open still, hear everything.
    PERFORM pg_notify('blinkpos', news);
    PERFORM pg_notify(CASE WHEN is_listed_by_all(NEW) THEN 'blinkpos_all'
        ELSE news_channel((SELECT account_id FROM payments WHERE id = NEW.payment_id)) END, news);
    RETURN NULL;
END $$;
