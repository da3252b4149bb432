// Turn deleted resources ($keys, all of one kind's $label) into placeholders without edges of their own; what
// they used is forgotten. Returns the keys for sweep to look at: these, and the ends that may have become nobody's; and
// `ends`, all that an edge joined with them.
UNWIND $keys AS key
MATCH (n:Resource {key: key})
OPTIONAL MATCH (u:Usage {key: "usage:" + key})
DELETE u
WITH DISTINCT n
OPTIONAL MATCH (n)<-[matched]-(s) WHERE matched.matched AND matched.stands IS NULL
DELETE matched
WITH n, collect(DISTINCT s.key) AS starts
OPTIONAL MATCH (n)<-[waiting]-(s) WHERE waiting.stale
SET waiting.stale = null
WITH n, starts, collect(DISTINCT s.key) AS waiters
OPTIONAL MATCH (n)-[own]->(e)
DELETE own
WITH n, starts + waiters AS starts, collect(DISTINCT e.key) AS own,
  collect(DISTINCT CASE WHEN e:Missing OR e:Image OR e:Host OR e:Subject OR e:HelmRelease THEN e.key END) AS ends
SET n = {key: n.key, cluster: n.cluster, group: n.group, kind: n.kind, namespace: n.namespace, name: n.name},
  n:Missing
REMOVE n:$($label)
WITH starts + own AS joined, [n.key] + ends AS loose
WITH reduce(every = [], some IN collect(joined) | every + some) AS joined,
  reduce(every = [], some IN collect(loose) | every + some) AS loose
RETURN COLLECT { UNWIND loose AS key RETURN DISTINCT key } AS loose,
  COLLECT { UNWIND joined AS key RETURN DISTINCT key } AS ends
