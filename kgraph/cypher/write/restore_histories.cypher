// The histories of resources, from a backup: $rows of {key, properties, times}. They wait for the worker that has synced
// their cluster. Returns how many the graph lacked.
UNWIND $rows AS row
OPTIONAL MATCH (there:RestoredHistory {key: row.key})
WITH row WHERE there IS NULL
CREATE (n:RestoredHistory)
SET n = row.properties
FOREACH (name IN keys(row.times) | SET n[name] = datetime(row.times[name]))
RETURN count(*) AS written
