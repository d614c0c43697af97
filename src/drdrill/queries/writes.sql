-- The one presence class of every write, and its flags.
SELECT
    a.op_id, a.debit, a.credit, a.amount_paise, a.sent_ns, a.done_ns, a.presence,
    CASE WHEN a.presence = 'lost' AND a.sent_ns > d.proved_ns THEN 1 ELSE 0 END AS split_brain,
    a.doubled,
    CASE WHEN x.op_id IS NULL THEN 0 ELSE 1 END AS altered,
    CASE
        WHEN a.outcome IN ('acked', 'unknown') AND a.last_there > a.first_missed THEN 1
        ELSE 0
    END AS resurrected
FROM (
    SELECT
        t.op_id, t.debit, t.credit, t.amount_paise, t.sent_ns, t.done_ns, t.outcome,
        h.doubled, h.last_there, h.first_missed,
        CASE
            WHEN t.outcome = 'acked' AND h.first_missed IS NULL THEN 'kept'
            WHEN t.outcome = 'acked' THEN 'lost'
            WHEN t.outcome = 'unknown' AND h.first_missed IS NULL THEN 'recovered'
            WHEN t.outcome = 'unknown' AND t.cut_short = 1 THEN 'in doubt'
            WHEN t.outcome = 'unknown' THEN 'vanished'
            WHEN h.was_ever_there = 1 THEN 'ghost'
            ELSE 'declined'
        END AS presence
    FROM attempts AS t
    JOIN held AS h ON h.op_id = t.op_id
    WHERE t.kind = 'write'
) AS a
CROSS JOIN drill AS d
LEFT JOIN altered AS x ON x.op_id = a.op_id
