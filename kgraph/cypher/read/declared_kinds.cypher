// What is in a cluster's part of the graph, placeholders left out: its kinds as [group, kind], and its namespaces.
MATCH (n:Resource) WHERE n.key STARTS WITH $of.cluster + "/" AND NOT n:Missing
RETURN collect(DISTINCT [n.group, n.kind]) AS kinds, collect(DISTINCT n.namespace) AS namespaces
