// Remove the nodes among $keys that are nobody's: placeholders, images, hosts, subjects and releases that no edge points at.
// The lock on each keeps a second worker from pointing an edge at a node that goes.
UNWIND $keys AS key
CALL (key) {
  MATCH (n:Resource {key: key}) WHERE n:Missing RETURN n
  UNION MATCH (n:Image {key: key}) RETURN n
  UNION MATCH (n:Host {key: key}) RETURN n
  UNION MATCH (n:Subject {key: key}) RETURN n
  UNION MATCH (n:HelmRelease {key: key}) RETURN n
}
WITH DISTINCT n
SET n.key = n.key
WITH n WHERE NOT EXISTS { (n)<--() }
DELETE n
