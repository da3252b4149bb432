// What is compared of the resources $of.keys, in one list: [key, handle, missing, the object as JSON, the first
// $of.room of its edges by type and end: [type, [end's handle, end's key, end is missing]]].
UNWIND $of.keys AS key
MATCH (n:Resource {key: key})
CALL (n) {
  MATCH (n)-[r]->(m) WHERE type(r) IN $of.types AND r.stale IS NULL
  WITH r, m ORDER BY type(r), m.key LIMIT $of.room
  RETURN collect([type(r), [elementId(m), m.key, m:Missing]]) AS edges
}
RETURN collect([n.key, elementId(n), n:Missing, n.manifest, edges]) AS compared
