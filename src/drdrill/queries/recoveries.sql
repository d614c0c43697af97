-- How each journey came through: its state, and RTA as an interval in nanoseconds, widened by the clock bound and by late sending.
SELECT
    journey, state, due, bad, stale, relapses, below_ns,
    outage_began_ns - request_ns AS outage_began_ns,
    CASE WHEN has_end = 1 THEN GREATEST(restored_low_ns - request_ns - widen_ns, 0) END AS restored_low_ns,
    CASE WHEN has_end = 1 THEN GREATEST(surely_restored_ns - request_ns + widen_ns, 0) END AS restored_high_ns,
    CASE
        WHEN has_end = 1 THEN GREATEST(restored_low_ns - proved_ns - widen_ns, 0)
        WHEN state = 'never down' THEN 0
    END AS rta_low_ns,
    CASE
        WHEN has_end = 1 THEN GREATEST(surely_restored_ns - request_ns + widen_ns, 0)
        WHEN state = 'never down' THEN longest_gap_ns + widen_ns
    END AS rta_high_ns
FROM (
    SELECT
        c.*,
        CASE WHEN c.state IN ('restored', 'not yet stable') THEN 1 ELSE 0 END AS has_end,
        c.bound_ns + CASE WHEN c.worst_lag_ns > c.spacing_ns THEN c.worst_lag_ns ELSE 0 END AS widen_ns
    FROM (
        SELECT
            j.journey, d.request_ns, d.proved_ns, d.bound_ns, d.spacing_ns,
            COALESCE(s.due, 0) AS due,
            COALESCE(s.bad, 0) AS bad,
            COALESCE(s.stale, 0) AS stale,
            COALESCE(n.outages, 1) - 1 AS relapses,
            COALESCE(t.below_ns, 0) AS below_ns,
            o.began_ns AS outage_began_ns, o.restored_low_ns, o.surely_restored_ns, g.longest_gap_ns,
            GREATEST(COALESCE(p.lag_ns, 0), COALESCE(o.lag_ns, 0)) AS worst_lag_ns,
            CASE
                WHEN w.journey IS NULL THEN 'not evaluable'
                WHEN o.journey IS NULL THEN 'never down'
                WHEN o.restored_ns IS NULL THEN 'never restored'
                WHEN s.until_ns - o.restored_ns >= d.hold_ns THEN 'restored'
                ELSE 'not yet stable'
            END AS state
        FROM (SELECT DISTINCT journey FROM served) AS j
        CROSS JOIN drill AS d
        LEFT JOIN watched AS s ON s.journey = j.journey
        LEFT JOIN (SELECT DISTINCT journey FROM sliding) AS w ON w.journey = j.journey
        LEFT JOIN outages AS o ON o.journey = j.journey AND o.what = 'outage' AND o.number = 1
        LEFT JOIN (
            SELECT journey, COUNT(*) AS outages FROM outages WHERE what = 'outage' GROUP BY journey
        ) AS n ON n.journey = j.journey
        LEFT JOIN (
            SELECT b.journey, SUM(COALESCE(b.restored_ns, x.until_ns) - b.began_ns) AS below_ns
            FROM outages AS b
            JOIN watched AS x ON x.journey = b.journey
            WHERE b.what = 'below'
            GROUP BY b.journey
        ) AS t ON t.journey = j.journey
        LEFT JOIN lags AS p ON p.journey = j.journey
        LEFT JOIN gaps AS g ON g.journey = j.journey
    ) AS c
) AS told
