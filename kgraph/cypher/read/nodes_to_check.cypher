// Every node of one kind of a cluster, as parallel lists; $prefix is cluster/group/Kind/.
MATCH (n:Resource) WHERE n.key STARTS WITH $prefix
RETURN collect(n.key) AS keys, collect(coalesce(n.fingerprint, "")) AS fingerprints, collect(n:Missing) AS missing
