-- The recovery point: loss as an interval, customers, and the ages. Times are nanoseconds; NULL: there is none, or no bound.
SELECT
    m.lost AS lost_low,
    m.lost + m.in_doubt AS lost_high,
    m.lost_paise AS paise_low,
    m.lost_paise + m.in_doubt_paise AS paise_high,
    c.customers,
    CASE
        WHEN m.oldest_lost_ns IS NULL THEN 0
        ELSE GREATEST(d.request_ns - m.oldest_lost_ns - d.bound_ns, 0)
    END AS oldest_lost_age_low_ns,
    CASE
        WHEN m.oldest_lost_ns IS NULL AND m.first_in_doubt_ns IS NULL THEN 0
        WHEN m.oldest_lost_ns IS NOT NULL AND COALESCE(m.oldest_kept_ns, m.oldest_lost_ns) >= m.oldest_lost_ns THEN NULL
        ELSE GREATEST(
            d.proved_ns
            - LEAST(COALESCE(m.oldest_lost_ns, m.first_in_doubt_ns), COALESCE(m.first_in_doubt_ns, m.oldest_lost_ns))
            + d.bound_ns,
            0
        )
    END AS oldest_lost_age_high_ns,
    d.proved_ns - m.newest_kept_before_ns AS newest_survivor_age_ns,
    m.split_brain_span_ns
FROM (
    SELECT
        COALESCE(SUM(CASE WHEN presence = 'lost' THEN 1 ELSE 0 END), 0) AS lost,
        COALESCE(SUM(CASE WHEN presence = 'in doubt' THEN 1 ELSE 0 END), 0) AS in_doubt,
        COALESCE(SUM(CASE WHEN presence = 'lost' THEN amount_paise ELSE 0 END), 0) AS lost_paise,
        COALESCE(SUM(CASE WHEN presence = 'in doubt' THEN amount_paise ELSE 0 END), 0) AS in_doubt_paise,
        MIN(CASE WHEN presence = 'lost' THEN done_ns END) AS oldest_lost_ns,
        MIN(CASE WHEN presence = 'kept' THEN done_ns END) AS oldest_kept_ns,
        MIN(CASE WHEN presence = 'in doubt' THEN sent_ns END) AS first_in_doubt_ns,
        MAX(CASE WHEN presence = 'kept' AND sent_ns < request_ns THEN done_ns END) AS newest_kept_before_ns,
        MAX(CASE WHEN split_brain = 1 THEN done_ns END) - MIN(CASE WHEN split_brain = 1 THEN sent_ns END)
            AS split_brain_span_ns
    FROM writes
    CROSS JOIN drill
) AS m
CROSS JOIN (
    SELECT COUNT(*) AS customers
    FROM (
        SELECT debit AS account FROM writes WHERE presence = 'lost'
        UNION
        SELECT credit AS account FROM writes WHERE presence = 'lost'
    ) AS either_side
) AS c
CROSS JOIN drill AS d
