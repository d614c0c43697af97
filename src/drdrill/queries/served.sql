-- Every operation, and whether it was good: acked in time, kept if it is a write, and not stale if it is a read.
SELECT
    a.journey, a.op_id, a.place, a.sequence, a.due_ns, a.done_ns,
    CASE
        WHEN a.sent_ns = 0 THEN NULL
        WHEN a.sent_ns <= a.due_ns THEN 0
        ELSE (a.sent_ns - a.due_ns) - (a.sent_ns - a.due_ns) % 1000
    END AS lag_ns,
    CASE WHEN s.op_id IS NULL THEN 0 ELSE 1 END AS stale,
    CASE
        WHEN a.outcome = 'acked'
            AND a.done_ns - a.due_ns <= d.latency_ns
            AND (a.kind <> 'write' OR w.presence = 'kept')
            AND s.op_id IS NULL
        THEN 1
        ELSE 0
    END AS good
FROM attempts AS a
CROSS JOIN drill AS d
LEFT JOIN writes AS w ON w.op_id = a.op_id
LEFT JOIN stale AS s ON s.op_id = a.op_id
