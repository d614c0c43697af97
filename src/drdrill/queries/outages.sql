-- Outages and times below the level, with the ends as intervals. restored_ns NULL: it was never seen to be over.
SELECT
    m.what, m.journey, m.number, b.due_ns AS began_ns,
    CASE WHEN m.over_rn IS NULL OR m.after_rn IS NULL THEN NULL ELSE LEAST(p.due_ns, o.done_ns) END AS restored_low_ns,
    CASE WHEN m.over_rn IS NULL OR m.after_rn IS NULL THEN NULL ELSE GREATEST(o.done_ns, a.done_ns) END AS restored_ns,
    CASE WHEN m.over_rn IS NULL OR m.after_rn IS NULL THEN NULL ELSE GREATEST(o.done_ns, a.done_ns, u.done_ns) END AS surely_restored_ns,
    -- An operation that was never sent has no lag: it counts as the least.
    GREATEST(
        COALESCE(p.lag_ns, -1000), COALESCE(l.lag_ns, -1000), COALESCE(o.lag_ns, -1000),
        COALESCE(a.lag_ns, -1000), COALESCE(u.lag_ns, -1000)
    ) AS lag_ns
FROM merged AS m
JOIN seen AS b ON b.journey = m.journey AND b.rn = m.first_bad
JOIN seen AS l ON l.journey = m.journey AND l.rn = m.last_bad
JOIN seen AS p ON p.journey = m.journey AND p.rn = m.before_rn
LEFT JOIN seen AS o ON o.journey = m.journey AND o.rn = m.over_rn
LEFT JOIN seen AS a ON a.journey = m.journey AND a.rn = m.after_rn
LEFT JOIN sure AS s ON s.what = m.what AND s.journey = m.journey AND s.number = m.number AND m.over_rn IS NOT NULL
LEFT JOIN seen AS u ON u.journey = m.journey AND u.rn = s.sure_rn
