-- What each read of the survivors holds of each id: debit rows, credit rows, and the money that arrived.
SELECT
    e.read_number,
    e.op_id,
    SUM(CASE WHEN e.amount_paise < 0 THEN 1 ELSE 0 END) AS debits,
    SUM(CASE WHEN e.amount_paise >= 0 THEN 1 ELSE 0 END) AS credits,
    SUM(CASE WHEN e.amount_paise > 0 THEN e.amount_paise ELSE 0 END) AS paise
FROM entries AS e
JOIN survivor_reads AS r ON r.read_number = e.read_number
GROUP BY e.read_number, e.op_id
