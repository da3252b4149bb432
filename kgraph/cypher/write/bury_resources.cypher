// Turn deleted resources ($keys, all of one kind's $label) into placeholders without edges of their own; what
// they used is forgotten. Returns the keys for sweep to look at: these, and the ends that may have become nobody's.
UNWIND $keys AS key
MATCH (n:Resource {key: key})
OPTIONAL MATCH (u:Usage {key: "usage:" + key})
DELETE u
WITH DISTINCT n
OPTIONAL MATCH (n)<-[matched]-() WHERE matched.matched AND matched.stands IS NULL
DELETE matched
WITH DISTINCT n
OPTIONAL MATCH (n)<-[waiting]-() WHERE waiting.stale
SET waiting.stale = null
WITH DISTINCT n
OPTIONAL MATCH (n)-[own]->(e)
DELETE own
WITH n, collect(DISTINCT CASE WHEN e:Missing OR e:Image OR e:Host OR e:Subject OR e:HelmRelease THEN e.key END) AS ends
SET n = {key: n.key, cluster: n.cluster, group: n.group, kind: n.kind, namespace: n.namespace, name: n.name},
  n:Missing
REMOVE n:$($label)
WITH n.key AS key, ends
UNWIND [key] + ends AS loose
RETURN collect(DISTINCT loose) AS loose
