// What the nodes at $of.places ([handle, key]) say beside their keys: [handle, key, missing, version, uid, createdAt, labels,
// health, its reason, its image, properties, object]. Properties are a list of [name, value] without what every
// resource has, null unless $of.properties; the object is JSON, false unless $of.manifests.
// A handle may be another node's by now, which the key tells.
UNWIND $of.places AS place
MATCH (n) WHERE elementId(n) = place[0] AND n.key = place[1]
RETURN collect([
  elementId(n), n.key, n:Missing, n.version, n.uid, toString(n.createdAt), n.labels,
  n.health, n.healthReason, n.healthImage,
  CASE WHEN $of.properties THEN [p IN keys(n) WHERE NOT p IN $of.hidden | [p, CASE WHEN n[p] IS :: ZONED DATETIME THEN toString(n[p]) ELSE n[p] END]] END,
  CASE WHEN $of.manifests THEN n.manifest ELSE false END
]) AS nodes
