-- What a shop sells at a tap, shared by its tills; and what of it each sale was made of.

CREATE TABLE items (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text NOT NULL CHECK (name <> ''),
    price_minor      bigint NOT NULL CHECK (price_minor > 0),
    -- An item is sold in the currency that it was priced in, and in no other.
    currency         text NOT NULL,
    currency_digits  smallint NOT NULL CHECK (currency_digits BETWEEN 0 AND 8),
    currency_symbol  text NOT NULL,
    tint             text NOT NULL,
    category         text NOT NULL,
    -- What a scanner reads; empty without one.
    code             text NOT NULL,
    is_sold_out      boolean NOT NULL,
    position         integer NOT NULL,
    -- Whoever edits an older version has not seen what another till wrote.
    version          integer NOT NULL DEFAULT 1 CHECK (version > 0),
    -- Who wrote it last.
    till             text NOT NULL,
    process          uuid NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    changed_at       timestamptz NOT NULL DEFAULT now(),
    -- Off the shelf. The row stays: sales name it.
    removed_at       timestamptz
);
CREATE UNIQUE INDEX items_code ON items (code) WHERE code <> '' AND removed_at IS NULL;

-- Other tills look at the shelf again, on a channel that tills without items do not hear.
CREATE FUNCTION tell_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('blinkpos_items', NEW.process::text);
    RETURN NULL;
END $$;
CREATE TRIGGER items_tell AFTER INSERT OR UPDATE ON items FOR EACH ROW
    EXECUTE FUNCTION tell_items();

-- The lines of a sale with their discounts, as they were then; null when amounts were typed.
ALTER TABLE payments ADD COLUMN sold jsonb
    CHECK (sold IS NULL OR jsonb_typeof(sold -> 'lines') = 'array');

-- A till's last sale, without reading those of the others.
CREATE INDEX payments_of_till ON payments (till, id) WHERE payment_hash IS NOT NULL;
