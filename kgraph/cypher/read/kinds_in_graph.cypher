// The kinds of which a cluster's part of the graph holds anything, placeholders included.
MATCH (n:Resource) WHERE n.key STARTS WITH $cluster + "/"
RETURN DISTINCT n.group AS group, n.kind AS kind
ORDER BY group, kind
