// Every node of one kind of a cluster, as parallel lists; $prefix is cluster/group/Kind/. Placeholders that only other
// clusters refer to are left out: they are not this cluster's to explain.
MATCH (n:Resource) WHERE n.key STARTS WITH $prefix
  AND NOT (n:Missing AND EXISTS { (n)<--(s) WHERE s.cluster <> n.cluster }
    AND NOT EXISTS { (n)<--(s) WHERE s.cluster = n.cluster })
RETURN collect(n.key) AS keys, collect(coalesce(n.fingerprint, "")) AS fingerprints, collect(n:Missing) AS missing
