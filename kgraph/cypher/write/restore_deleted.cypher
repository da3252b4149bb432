// Deleted resources that are remembered, from a backup: $rows of {key, properties, times}. What the graph has stands. Returns how many it lacked.
UNWIND $rows AS row
OPTIONAL MATCH (there:Deleted {key: row.key})
WITH row WHERE there IS NULL
CREATE (n:Deleted)
SET n = row.properties
FOREACH (name IN keys(row.times) | SET n[name] = datetime(row.times[name]))
RETURN count(*) AS written
