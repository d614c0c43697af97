-- Ids that were found and never attempted: strangers, or what a recorder that died could not write down.
SELECT
    o.op_id,
    f.paise,
    CASE WHEN u.op_id IS NULL THEN 'stranger' ELSE 'unrecorded' END AS presence
FROM (
    SELECT g.op_id, MAX(g.read_number) AS read_number
    FROM found AS g
    LEFT JOIN writes AS w ON w.op_id = g.op_id
    WHERE w.op_id IS NULL
    GROUP BY g.op_id
) AS o
JOIN found AS f ON f.op_id = o.op_id AND f.read_number = o.read_number
LEFT JOIN (
    SELECT DISTINCT g.op_id
    FROM found AS g
    JOIN (
        SELECT r.first_id, r.end_id, COALESCE(MAX(a.op_id), r.first_id - 1) AS last_id
        FROM recorders AS r
        LEFT JOIN attempts AS a ON a.recorder = r.recorder
        WHERE r.died = 1
        GROUP BY r.first_id, r.end_id
    ) AS dead ON g.op_id > dead.last_id AND g.op_id < dead.end_id
) AS u ON u.op_id = o.op_id
