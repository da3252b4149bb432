// What the aggregated ClusterRoles $of.roles (keys) are made of, however many aggregate one another, by key:
// [the aggregated one's key, a ClusterRole's that aggregates none, its object as JSON].
UNWIND $of.roles AS key
MATCH (role:Resource {key: key})-[:AGGREGATES]->{1,5}(leaf:Resource)
WHERE NOT (leaf)-[:AGGREGATES]->() AND NOT leaf:Missing
WITH DISTINCT key, leaf ORDER BY leaf.key
RETURN collect([key, leaf.key, leaf.manifest]) AS origins
