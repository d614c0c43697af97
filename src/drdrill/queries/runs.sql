-- Maximal runs of windows below the level, and the operations that bracket each: numbers of operations in due order.
SELECT
    r.journey, r.begin_rn, b.bad_from AS first_bad, l.bad_until AS last_bad,
    n.good_from AS over_rn, a.good_from AS after_rn,
    CASE WHEN n.good_from IS NULL THEN l.bad_until ELSE GREATEST(COALESCE(o.bad_until, b.bad_from), b.bad_from) END AS before_rn
FROM (
    SELECT journey, MIN(rn) AS begin_rn, MAX(rn) AS last_rn, MAX(stop_rn) AS stop_rn
    FROM (
        SELECT journey, rn, stop_rn, rn - ROW_NUMBER() OVER (PARTITION BY journey ORDER BY rn) AS island
        FROM sliding
        WHERE met = 0
    ) AS below
    GROUP BY journey, island
) AS r
JOIN (SELECT journey, MAX(rn) AS newest FROM sliding GROUP BY journey) AS w ON w.journey = r.journey
JOIN seen AS b ON b.journey = r.journey AND b.rn = r.begin_rn
JOIN seen AS l ON l.journey = r.journey AND l.rn = r.stop_rn - 1
LEFT JOIN seen AS n ON n.journey = r.journey AND n.rn = r.last_rn + 1 AND r.last_rn < w.newest
LEFT JOIN seen AS a ON a.journey = r.journey AND a.rn = l.bad_until + 1 AND r.last_rn < w.newest
LEFT JOIN seen AS o ON o.journey = r.journey AND o.rn = n.good_from
