// The edges of one cluster that follow both ends, as parallel lists; $prefix is what all of its keys begin with.
MATCH (s:Resource)-[r]->(e) WHERE s.key STARTS WITH $prefix AND r.matched
RETURN collect(s.key) AS starts, collect(type(r)) AS types, collect(e.key) AS ends, collect(properties(r)) AS properties
