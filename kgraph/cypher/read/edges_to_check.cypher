// Every edge that starts at one kind of a cluster, as parallel lists; $prefix is cluster/group/Kind/.
MATCH (s:Resource)-[r]->(e) WHERE s.key STARTS WITH $prefix
RETURN collect(s.key) AS starts, collect(type(r)) AS types, collect(e.key) AS ends,
  collect(properties(r)) AS properties
