// All that the graph has of resources ($keys) beside their properties: [key, labels, the edges that the objects state
// themselves as [type, end, properties]].
UNWIND $keys AS key
MATCH (n:Resource {key: key})
RETURN collect([
  key, labels(n), COLLECT { MATCH (n)-[r]->(e) WHERE r.matched IS NULL RETURN [type(r), e.key, properties(r)] }
]) AS found
