-- Acked reads, sent after the disaster had bitten, that saw less than the newest kept write on their account acked before.
-- Reads and acks stand in one row of time for each account; at one instant reads come first, because "before" is meant strictly.
SELECT op_id
FROM (
    SELECT
        op_id,
        is_read,
        seen_seq,
        MAX(seq) OVER (
            PARTITION BY account ORDER BY at_ns, is_write, op_id, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS promised_seq
    FROM (
        SELECT e.account, w.done_ns AS at_ns, 1 AS is_write, 0 AS is_read, w.op_id, e.seq, -1 AS seen_seq
        FROM entries AS e
        JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
        JOIN writes AS w ON w.op_id = e.op_id AND w.presence = 'kept'
        UNION ALL
        SELECT a.debit, a.sent_ns - 2 * d.bound_ns, 0, 1, a.op_id, -1, a.seen_seq
        FROM attempts AS a
        CROSS JOIN drill AS d
        WHERE a.kind = 'read' AND a.outcome = 'acked' AND a.sent_ns > d.proved_ns
    ) AS moments
) AS told
WHERE is_read = 1 AND seen_seq < promised_seq
