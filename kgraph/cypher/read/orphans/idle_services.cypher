// Services that lead nowhere: no Pod is selected, and no EndpointSlice has endpoints. An ExternalName leads elsewhere.
// In one list: [handle, key, missing].
MATCH (n:Service)
WHERE n.cluster IN $of.clusters AND ($of.namespaces IS NULL OR n.namespace IN $of.namespaces) AND NOT n:Missing
  AND coalesce(n.type, "") <> "ExternalName"
  AND NOT EXISTS { (n)-[:SELECTS]->(:Pod) }
  AND NOT EXISTS { (n)<-[:ENDPOINT_OF]-(slice) WHERE coalesce(slice.endpoints, 0) > 0 }
WITH n WHERE $of.sight IS NULL
  OR coalesce($of.sight[n.cluster], $of.sight[left(n.key, size(n.key) - size(n.name) - 1)], false)
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([elementId(n), n.key, false]) AS nodes
