-- Integrity of the books in the last read: each rule, and by how many accounts or transfers it is broken (the sum: by how many paise).
SELECT 'sum' AS rule, COALESCE(SUM(balance_paise - opening_paise), 0) AS broken FROM accounts
UNION ALL
SELECT 'balance', COUNT(*)
FROM (
    SELECT e.account
    FROM entries AS e
    JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
    LEFT JOIN accounts AS a ON a.account = e.account
    WHERE a.account IS NULL
    GROUP BY e.account
    UNION ALL
    SELECT a.account
    FROM accounts AS a
    LEFT JOIN (
        SELECT e.account, SUM(e.amount_paise) AS moved_paise
        FROM entries AS e
        JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
        GROUP BY e.account
    ) AS l ON l.account = a.account
    WHERE a.balance_paise <> a.opening_paise + COALESCE(l.moved_paise, 0)
) AS wrong
UNION ALL
SELECT 'sides', COUNT(*)
FROM (
    SELECT e.op_id
    FROM entries AS e
    JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
    LEFT JOIN writes AS w ON w.op_id = e.op_id
    GROUP BY e.op_id
    HAVING SUM(CASE WHEN e.amount_paise < 0 THEN 1 ELSE 0 END)
        <> SUM(CASE WHEN e.amount_paise > 0 OR (e.amount_paise = 0 AND w.op_id IS NOT NULL) THEN 1 ELSE 0 END)
        OR SUM(e.amount_paise) <> 0
) AS one_sided
UNION ALL
SELECT 'floor', COUNT(*)
FROM (
    SELECT a.account
    FROM accounts AS a
    LEFT JOIN (
        SELECT w.account, MIN(w.running_paise) AS lowest_paise
        FROM (
            SELECT
                e.account,
                SUM(e.amount_paise) OVER (
                    PARTITION BY e.account ORDER BY e.seq, e.entry_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS running_paise
            FROM entries AS e
            JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
        ) AS w
        GROUP BY w.account
    ) AS l ON l.account = a.account
    WHERE LEAST(a.balance_paise, a.opening_paise, a.opening_paise + COALESCE(l.lowest_paise, 0)) < a.floor_paise
) AS under
UNION ALL
SELECT 'sequence', COUNT(*)
FROM (
    SELECT s.account
    FROM (
        SELECT e.account, COUNT(*) AS held, COUNT(DISTINCT e.seq) AS distinct_seqs, MIN(e.seq) AS first_seq, MAX(e.seq) AS last_seq
        FROM entries AS e
        JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
        GROUP BY e.account
    ) AS s
    LEFT JOIN accounts AS a ON a.account = s.account
    WHERE s.held <> s.distinct_seqs OR s.first_seq <> 1 OR s.last_seq <> s.held OR COALESCE(a.seq, s.held) <> s.held
    UNION ALL
    SELECT a.account
    FROM accounts AS a
    LEFT JOIN (
        SELECT DISTINCT e.account
        FROM entries AS e
        JOIN survivor_reads AS r ON r.read_number = e.read_number AND r.is_last = 1
    ) AS l ON l.account = a.account
    WHERE l.account IS NULL AND a.seq <> 0
) AS wrong_numbers
