// Every edge that starts at one kind of a cluster, as parallel lists, but for those to what the API has changed of it;
// $prefix is cluster/group/Kind/.
MATCH (s:Resource)-[r]->(e) WHERE s.key STARTS WITH $prefix AND NOT r:AUDITED
RETURN collect(s.key) AS starts, collect(type(r)) AS types, collect(e.key) AS ends,
  collect(properties(r)) AS properties
