// Dangling references, as a picture: what needs something that is not there. Placeholders are dashed in style.grass.
// Optional references, and kinds that are not synced, are left out.
MATCH path = (n)-[r]->(gone:Missing)
WHERE coalesce(r.optional, false) = false AND NOT n:Event
  AND EXISTS { (k:SyncedKind) WHERE k.cluster = gone.cluster AND k.group = gone.group AND k.kind = gone.kind }
RETURN path
ORDER BY n.key, gone.key
LIMIT 200
