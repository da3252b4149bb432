// How the usage of $of.clusters is asked for: [id, live or snapshot, interval in seconds, why it is not known].
MATCH (c:Cluster) WHERE c.id IN $of.clusters
RETURN collect([c.id, c.source, c.usageSeconds, c.usageProblem]) AS meterings
