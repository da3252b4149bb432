// The Pods that have not ended whose keys begin with one of $of.prefixes: [key, Node's name, cores and bytes requested,
// at most, labels if $of.labels, keys of its controllers if $of.controllers, as `controllers` has them].
UNWIND $of.prefixes AS prefix
MATCH (p:Resource) WHERE p.key STARTS WITH prefix AND NOT p:Missing AND NOT coalesce(p.phase, "") IN ["Succeeded", "Failed"]
WITH p ORDER BY p.key
RETURN collect([
  p.key, p.nodeName, p.cpuRequest, p.memoryRequest, p.cpuLimit, p.memoryLimit, CASE WHEN $of.labels THEN p.labels END,
  CASE WHEN $of.controllers THEN COLLECT {
    MATCH (p) (()-[r:OWNED_BY WHERE r.controller AND r.stale IS NULL]->(o WHERE NOT o:Missing AND NOT o:Node)){1,5}
    RETURN o[-1].key ORDER BY size(o)
  } END
]) AS pods
