// Turn deleted resources ($keys, all of one kind's $label) into placeholders without edges of their own. Returns
// the keys that sweep looks at next: these, and the ends that may have become nobody's.
UNWIND $keys AS key
MATCH (n:Resource {key: key})
OPTIONAL MATCH (n)<-[matched]-() WHERE matched.matched
DELETE matched
WITH DISTINCT n
OPTIONAL MATCH (n)-[own]->(e)
DELETE own
WITH n, collect(DISTINCT CASE WHEN e:Missing OR e:Image OR e:Host OR e:Subject THEN e.key END) AS ends
SET n:Missing,
  n = {key: n.key, cluster: n.cluster, group: n.group, kind: n.kind, namespace: n.namespace, name: n.name}
REMOVE n:$($label)
WITH n, ends
CALL (n) { MATCH (n)<-[r]-() WHERE r.stale SET r.stale = null }
WITH collect(n.key) AS buried, collect(ends) AS all
RETURN buried + reduce(flat = [], ends IN all | flat + ends) AS loose
