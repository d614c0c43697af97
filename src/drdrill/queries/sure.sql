-- For every outage that ended: the first good operation after which it is sure that the failing had ended (measure/doubt.py).
-- k counts the good operations from after_rn on; by_luck is the probability of that many by chance, were the fault still in force.
SELECT journey, what, number, MIN(CASE WHEN k >= needed OR k = most THEN rn END) AS sure_rn
FROM (
    SELECT
        journey, what, number, rn, k, MAX(k) OVER (PARTITION BY journey, what, number) AS most,
        MIN(CASE WHEN is_enough = 1 THEN k END) OVER (PARTITION BY journey, what, number) AS needed
    FROM (
        SELECT
            journey, what, number, rn, k,
            CASE
                WHEN k >= at_most THEN 1
                WHEN gaps > 0 AND fine = 0 THEN 1
                WHEN gaps > 0
                    AND SUM(CASE WHEN fine > 0 THEN LN((fine + k - 1.0e0) / (gaps + fine + k - 1.0e0)) ELSE 0.0e0 END)
                        OVER (PARTITION BY journey, what, number ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                        <= LN(doubt)
                THEN 1
                ELSE 0
            END AS is_enough
        FROM (
            SELECT
                m.journey, m.what, m.number, g.rn, d.doubt,
                g.good_upto - a.good_upto + 1 AS k,
                GREATEST(a.due_in_window - a.rn + 1, d.needed) AS at_most,
                l.good_upto - f.good_upto + f.good AS fine,
                l.rn - f.rn + 1 - (l.good_upto - f.good_upto + f.good) - 1 AS gaps
            FROM merged AS m
            CROSS JOIN drill AS d
            JOIN seen AS f ON f.journey = m.journey AND f.rn = m.again_rn
            JOIN seen AS l ON l.journey = m.journey AND l.rn = m.last_bad
            JOIN seen AS a ON a.journey = m.journey AND a.rn = m.after_rn
            JOIN seen AS g ON g.journey = m.journey AND g.rn >= m.after_rn AND g.good = 1
            WHERE g.good_upto - a.good_upto + 1 <= GREATEST(a.due_in_window - a.rn + 1, d.needed)
        ) AS candidates
    ) AS weighed
) AS ranked
GROUP BY journey, what, number
