// The edges that follow both ends and start at one kind of a cluster, as parallel lists.
MATCH (s:Resource)-[r]->(e) WHERE s.key STARTS WITH $prefix AND r.matched
RETURN collect(s.key) AS starts, collect(type(r)) AS types, collect(e.key) AS ends, collect(properties(r)) AS properties
