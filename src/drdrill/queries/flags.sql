-- Every flag: how many operations carry it, and what they are worth.
SELECT 'split-brain' AS flag, COUNT(*) AS operations, COALESCE(SUM(amount_paise), 0) AS paise FROM writes WHERE split_brain = 1
UNION ALL
SELECT 'doubled', COUNT(*), COALESCE(SUM(amount_paise), 0) FROM writes WHERE doubled = 1
UNION ALL
SELECT 'altered', COUNT(*), COALESCE(SUM(amount_paise), 0) FROM writes WHERE altered = 1
UNION ALL
SELECT 'resurrected', COUNT(*), COALESCE(SUM(amount_paise), 0) FROM writes WHERE resurrected = 1
UNION ALL
SELECT 'stale', COUNT(*), 0 FROM stale
