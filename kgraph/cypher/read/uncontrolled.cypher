// What no controller made, by the beginnings of keys (cluster/group/Kind/namespace/), in one list of $of.room at most:
// [key, type], where the type is a Secret's.
UNWIND $of.prefixes AS prefix
MATCH (n:Resource) WHERE n.key STARTS WITH prefix AND NOT n:Missing
  AND NOT EXISTS { (n)-[r:OWNED_BY]->() WHERE r.controller }
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([n.key, n.type]) AS found
