-- Every evaluable window: it begins at rn, holds the operations up to stop_rn (that one not included), and meets the level or not.
SELECT
    s.journey, s.rn, e.rn + 1 AS stop_rn,
    CASE
        WHEN e.good_upto - s.good_upto + s.good + (e.rn + 1 - s.rn) * 1e-9 >= (e.rn + 1 - s.rn) * d.good_share THEN 1
        ELSE 0
    END AS met
FROM seen AS s
CROSS JOIN drill AS d
JOIN seen AS e ON e.journey = s.journey AND e.rn = GREATEST(s.due_in_window + 1, s.rn + d.needed) - 1
WHERE s.due_ns <= d.watch_end_ns - d.window_ns
