-- Every id in exactly one class: how many, and what they are worth.
SELECT presence, COUNT(*) AS operations, SUM(paise) AS paise
FROM (
    SELECT presence, amount_paise AS paise FROM writes
    UNION ALL
    SELECT presence, paise FROM outsiders
) AS ids
GROUP BY presence
