-- The prices that tills heard, for an hour: one that moved far from them needs a person.

CREATE TABLE prices (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    currency   text NOT NULL,
    -- Minor units of a sat are base / 10 ^ scale.
    base       bigint NOT NULL CHECK (base > 0),
    scale      smallint NOT NULL CHECK (scale BETWEEN 0 AND 60),
    -- Blink's own time of it.
    as_of      timestamptz NOT NULL,
    -- A person agreed to it: those before it count no longer.
    is_agreed  boolean NOT NULL,
    till       text NOT NULL,
    heard_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX prices_of ON prices (currency, as_of);
CREATE INDEX prices_agreed ON prices (currency, id) WHERE is_agreed;
