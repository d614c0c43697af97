-- The lag that 99 % of what was sent in the watch stayed within, journey by journey (nearest rank).
SELECT journey, MIN(lag_ns) AS lag_ns
FROM (
    SELECT
        journey, lag_ns,
        ROW_NUMBER() OVER (PARTITION BY journey ORDER BY lag_ns) AS place,
        COUNT(*) OVER (PARTITION BY journey) AS sent
    FROM seen
    WHERE lag_ns IS NOT NULL
) AS ranked
WHERE 100 * place >= 99 * sent
GROUP BY journey
