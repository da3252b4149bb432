// What no list of a cluster ($cluster) can tell of: edges that lead away from placeholders, and then placeholders of the
// cluster that nothing points at; and whatever else is nobody's, of all clusters. $most of each. Returns how many went.
CALL () {
  MATCH (n:Missing)-[r]->() WHERE n.key STARTS WITH $cluster + "/"
  WITH r LIMIT $most
  DELETE r
  RETURN count(*) AS edges
}
CALL () {
  MATCH (n:Resource) WHERE n.key STARTS WITH $cluster + "/" AND n:Missing AND NOT EXISTS { (n)--() }
  WITH n LIMIT $most
  DELETE n
  RETURN count(*) AS placeholders
}
CALL () {
  MATCH (n:Image|Host|Subject|HelmRelease) WHERE NOT EXISTS { (n)--() }
  WITH n LIMIT $most
  SET n.key = n.key
  WITH n WHERE NOT EXISTS { (n)--() }
  DELETE n
  RETURN count(*) AS others
}
RETURN edges + placeholders + others AS swept
