-- What was seen of each journey in the watch, and until when: the end of the watch, or of its traffic.
SELECT
    s.journey,
    COUNT(*) AS due,
    SUM(1 - s.good) AS bad,
    SUM(s.stale) AS stale,
    LEAST(MAX(d.watch_end_ns), MAX(s.due_ns) + MAX(d.window_ns)) AS until_ns
FROM seen AS s
CROSS JOIN drill AS d
GROUP BY s.journey
