// The kinds of which a cluster's part of the graph holds resources, as their keys say it: [group, kind, whether its first
// one has a namespace].
MATCH (n:Resource) WHERE n.key STARTS WITH $cluster + "/" AND NOT n:Missing
WITH split(n.key, "/") AS parts
RETURN collect(DISTINCT [parts[1], parts[2], parts[3] <> "_"]) AS kinds
