-- The longest time without a good operation: what came before the watch and what follows the last one count.
SELECT journey, MAX(gap_ns) AS longest_gap_ns
FROM (
    SELECT
        journey,
        LEAD(at_ns) OVER (PARTITION BY journey ORDER BY at_ns) - at_ns AS gap_ns
    FROM (
        SELECT j.journey, COALESCE(MAX(CASE WHEN v.due_ns < d.request_ns AND v.good = 1 THEN v.due_ns END), MAX(d.request_ns)) AS at_ns
        FROM (SELECT DISTINCT journey FROM served) AS j
        CROSS JOIN drill AS d
        LEFT JOIN served AS v ON v.journey = j.journey
        GROUP BY j.journey
        UNION ALL
        SELECT journey, due_ns FROM seen WHERE good = 1
        UNION ALL
        SELECT j.journey, d.watch_end_ns FROM (SELECT DISTINCT journey FROM served) AS j CROSS JOIN drill AS d
    ) AS moments
) AS steps
GROUP BY journey
