// PersistentVolumes that no claim has: released, or never bound. In one list: [handle, key, missing].
MATCH (n:PersistentVolume)
WHERE n.cluster IN $of.clusters AND $of.namespaces IS NULL AND NOT n:Missing
  AND NOT EXISTS { (n)-[r:BOUND_TO]->(c) WHERE r.stale IS NULL AND NOT c:Missing }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
