// All of every node of one kind of a cluster but placeholders, as [labels, properties]; $prefix is cluster/group/Kind/.
MATCH (n:Resource) WHERE n.key STARTS WITH $prefix AND NOT n:Missing
RETURN collect([labels(n), properties(n)]) AS nodes
