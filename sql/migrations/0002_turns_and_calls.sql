-- What tills of one account share: whose turn it is at a wallet, and how often Blink was called.
-- No step's safety rests on either; they spare waiting and refusals.

CREATE TABLE wallet_turns (
    wallet_id  text PRIMARY KEY,
    process    uuid NOT NULL,
    until      timestamptz NOT NULL
);

-- Blink counts invoices per receiving account and kind in windows of a minute.
CREATE TABLE call_windows (
    account        text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('invoice', 'recipient')),
    started_at     timestamptz NOT NULL DEFAULT now(),
    calls          integer NOT NULL DEFAULT 0,
    blocked_until  timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (account, kind)
);
