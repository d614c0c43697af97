-- Runs that are closer together than a gap are one: with the hold time as the gap they are outages, with 0 they are time below the level.
SELECT
    h.what, h.journey, h.number, h.first_bad, h.last_bad,
    f.over_rn, f.after_rn, f.before_rn, f.first_bad AS again_rn
FROM (
    SELECT what, journey, number, MIN(first_bad) AS first_bad, MAX(last_bad) AS last_bad, MAX(begin_rn) AS final_rn
    FROM (
        SELECT
            what, journey, begin_rn, first_bad, last_bad,
            SUM(is_new) OVER (PARTITION BY what, journey ORDER BY begin_rn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS number
        FROM (
            SELECT
                g.what, r.journey, r.begin_rn, r.first_bad, r.last_bad,
                CASE
                    WHEN f.due_ns - LAG(l.due_ns) OVER (PARTITION BY g.what, r.journey ORDER BY r.begin_rn) < g.gap_ns THEN 0
                    ELSE 1
                END AS is_new
            FROM runs AS r
            CROSS JOIN (
                SELECT 'outage' AS what, hold_ns AS gap_ns FROM drill
                UNION ALL
                SELECT 'below' AS what, 0 AS gap_ns FROM drill
            ) AS g
            JOIN seen AS f ON f.journey = r.journey AND f.rn = r.first_bad
            JOIN seen AS l ON l.journey = r.journey AND l.rn = r.last_bad
        ) AS stepped
    ) AS numbered
    GROUP BY what, journey, number
) AS h
JOIN runs AS f ON f.journey = h.journey AND f.begin_rn = h.final_rn
