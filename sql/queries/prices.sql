-- name: prices_since
-- The lowest and the highest price since then, the newest of equals; of those that a person agreed
-- to, only the last one and what came after it.
WITH heard AS (
    SELECT base, scale, extract(epoch FROM as_of)::bigint AS as_of,
        base / 10::numeric ^ scale AS minor_per_sat
    FROM prices
    WHERE currency = %(currency)s AND as_of > to_timestamp(%(since)s)
      AND id >= coalesce(
          (SELECT max(id) FROM prices WHERE currency = %(currency)s AND is_agreed), 0)
)
(SELECT base, scale, as_of FROM heard ORDER BY minor_per_sat, as_of DESC LIMIT 1)
UNION
(SELECT base, scale, as_of FROM heard ORDER BY minor_per_sat DESC, as_of DESC LIMIT 1);

-- name: keep_price
-- What is two hours older than it is nobody's any more.
WITH gone AS (
    DELETE FROM prices
    WHERE currency = %(currency)s AND as_of < to_timestamp(%(as_of)s) - interval '2 hours'
)
INSERT INTO prices (currency, base, scale, as_of, is_agreed, till)
VALUES (%(currency)s, %(base)s, %(scale)s, to_timestamp(%(as_of)s), %(is_agreed)s, %(till)s);
