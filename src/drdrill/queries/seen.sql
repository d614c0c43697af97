-- The operations that were due in the watch, in the order in which they were due, journey by journey: rn counts from 1.
-- due_in_window counts up to the end of the window that begins with this operation; the others look for neighbours.
SELECT
    journey, op_id, due_ns, done_ns, lag_ns, stale, good, rn,
    SUM(good) OVER (PARTITION BY journey ORDER BY rn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS good_upto,
    COUNT(*) OVER (
        PARTITION BY journey ORDER BY due_ns
        RANGE BETWEEN UNBOUNDED PRECEDING AND ${window_less_1_ns} FOLLOWING
    ) AS due_in_window,
    MAX(CASE WHEN good = 0 THEN rn END)
        OVER (PARTITION BY journey ORDER BY rn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS bad_until,
    MIN(CASE WHEN good = 0 THEN rn END)
        OVER (PARTITION BY journey ORDER BY rn ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS bad_from,
    MIN(CASE WHEN good = 1 THEN rn END)
        OVER (PARTITION BY journey ORDER BY rn ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS good_from
FROM (
    SELECT
        v.journey, v.op_id, v.due_ns, v.done_ns, v.lag_ns, v.stale, v.good,
        ROW_NUMBER() OVER (PARTITION BY v.journey ORDER BY v.due_ns, v.place, v.sequence) AS rn
    FROM served AS v
    CROSS JOIN drill AS d
    WHERE v.due_ns >= d.request_ns AND v.due_ns < d.watch_end_ns
) AS numbered
