// Take away the first $most edges of one cluster's resources, by their start's key: $after is where to go on, $end
// what no key of the cluster reaches. Returns how many went, where to go on, and the keys for sweep to look at.
MATCH (n:Resource) WHERE n.key >= $after AND n.key < $end
MATCH (n)-[r]->(e)
WITH n.key AS key, r, CASE WHEN e:Missing OR e:Image OR e:Host OR e:Subject OR e:HelmRelease THEN e.key END AS end
ORDER BY key LIMIT $most
WITH collect(r) AS edges, collect(DISTINCT end) AS loose, max(key) AS last
FOREACH (r IN edges | DELETE r)
RETURN size(edges) AS removed, loose, last
