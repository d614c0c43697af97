-- Writes of which some read holds a row that is not what was asked for.
SELECT DISTINCT a.op_id
FROM entries AS e
JOIN survivor_reads AS r ON r.read_number = e.read_number
JOIN attempts AS a ON a.op_id = e.op_id AND a.kind = 'write'
WHERE e.amount_paise = 0
    OR ABS(e.amount_paise) <> a.amount_paise
    OR e.account <> CASE WHEN e.amount_paise < 0 THEN a.debit ELSE a.credit END
