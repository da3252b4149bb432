// What the graph holds of resources that are to be written again ($keys): [key, uid, manifest, firstSeen, lastChanged,
// changes, version, resourceVersion, fingerprint, labels] of each that is there and no placeholder. Nobody but the
// cluster's one writer changes it, so that it holds in that writer's next transaction, if the fence lets it pass.
UNWIND $keys AS key
MATCH (n:Resource {key: key}) WHERE NOT n:Missing
RETURN collect([
  key, n.uid, n.manifest, toString(n.firstSeen), toString(n.lastChanged), n.changes, n.version, n.resourceVersion,
  n.fingerprint, n.labels
]) AS before
