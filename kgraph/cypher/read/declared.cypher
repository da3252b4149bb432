// The objects of one kind of a cluster that no controller made, in one list: [key, the object as JSON, its managers];
// the first $of.room after $of.after in the order of their keys. $of.prefix is cluster/group/Kind/.
MATCH (n:Resource)
WHERE n.key STARTS WITH $of.prefix AND n.key > $of.after AND NOT n:Missing
  AND NOT EXISTS { (n)-[r:OWNED_BY]->() WHERE r.controller }
WITH n ORDER BY n.key LIMIT $of.room
RETURN collect([n.key, n.manifest, n.managers]) AS states
