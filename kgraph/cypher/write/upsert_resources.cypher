// Write resources of one kind: $label, $rows of {key, properties, times}, where times are DateTimes as text. A placeholder
// becomes the resource. Edges that name a uid are stale while it is another's, so a resource that is new here looks at
// the edges that wait for it; `ends` are where these start.
UNWIND $rows AS row
MERGE (n:Resource {key: row.key})
WITH n, row, n.uid AS before
SET n = row.properties, n:$($label)
FOREACH (name IN keys(row.times) | SET n[name] = datetime(row.times[name]))
REMOVE n:Missing
WITH n, before WHERE before IS NULL OR before <> n.uid
MATCH (n)<-[r]-(s) WHERE r.uid IS NOT NULL
SET r.stale = CASE WHEN r.uid <> n.uid THEN true END
RETURN collect(DISTINCT s.key) AS ends
