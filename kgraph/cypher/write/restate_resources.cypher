// Write anew what resources that are there say of themselves, and nothing of their edges: $rows as `upsert_resources`
// has them.
UNWIND $rows AS row
MATCH (n:Resource {key: row.key})
SET n = row.properties
FOREACH (name IN keys(row.times) | SET n[name] = datetime(row.times[name]))
