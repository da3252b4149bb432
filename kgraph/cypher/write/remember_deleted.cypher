// Keep what resources ($keys) were, before they go at $at: a :Deleted node each, which no edge leads to, with the end's
// $entry before its earlier changes ($most of them), and in `ends` the keys of what it pointed at, but for $containment.
UNWIND $keys AS key
MATCH (n:Resource {key: key}) WHERE NOT n:Missing
MERGE (d:Deleted {key: key + "#" + coalesce(n.uid, toString(n.firstSeen), "")})
SET d = properties(n)
SET d.key = key + "#" + coalesce(n.uid, toString(n.firstSeen), ""), d.of = key, d.goneAt = $at, d.lastChanged = $at,
  d.changes = ([$entry] + coalesce(n.changes, []))[0..$most],
  d.ends = COLLECT { MATCH (n)-[r]->(e) WHERE NOT type(r) IN $containment RETURN DISTINCT e.key ORDER BY e.key LIMIT 200 }
