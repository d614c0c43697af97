-- Of every write: whether any read holds it, in which read it was first missed, and in which it was last there.
-- A read counts against a write only if it began after the write had ended; the last read began after all of them.
SELECT
    w.op_id,
    MAX(CASE WHEN f.op_id IS NOT NULL THEN 1 ELSE 0 END) AS was_ever_there,
    MIN(CASE WHEN w.counts = 1 AND f.op_id IS NULL THEN w.read_number END) AS first_missed,
    MAX(CASE WHEN w.counts = 1 AND f.op_id IS NOT NULL THEN w.read_number END) AS last_there,
    MAX(CASE WHEN f.debits > 1 OR f.credits > 1 THEN 1 ELSE 0 END) AS doubled
FROM (
    SELECT
        a.op_id,
        r.read_number,
        CASE
            WHEN r.is_last = 1 OR GREATEST(a.done_ns, a.sent_ns, a.due_ns) < r.began_ns THEN 1
            ELSE 0
        END AS counts
    FROM attempts AS a
    CROSS JOIN survivor_reads AS r
    WHERE a.kind = 'write'
) AS w
LEFT JOIN found AS f ON f.op_id = w.op_id AND f.read_number = w.read_number
GROUP BY w.op_id
