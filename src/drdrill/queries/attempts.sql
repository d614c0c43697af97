-- Every operation that was attempted, by whom, and what its client was promised. A completion that was not written is no promise.
SELECT
    o.op_id,
    o.recorder,
    o.sequence,
    r.place,
    o.journey,
    o.kind,
    o.amount_paise,
    o.debit,
    COALESCE(o.credit, -1) AS credit,
    COALESCE(o.due_ns, 0) AS due_ns,
    COALESCE(o.sent_ns, 0) AS sent_ns,
    COALESCE(o.done_ns, 0) AS done_ns,
    COALESCE(o.seen_seq, -1) AS seen_seq,
    CASE WHEN o.state = 'completed' THEN o.outcome ELSE 'unknown' END AS outcome,
    CASE WHEN o.state = 'invoked' AND r.died = 1 THEN 1 ELSE 0 END AS cut_short
FROM operations AS o
JOIN recorders AS r ON r.recorder = o.recorder
WHERE o.state <> 'empty'
