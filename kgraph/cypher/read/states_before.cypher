// What the graph holds of resources ($keys) that are to be written again: [key, uid, manifest, firstSeen, lastChanged,
// changes] of each that is there and no placeholder.
UNWIND $keys AS key
MATCH (n:Resource {key: key}) WHERE NOT n:Missing
RETURN collect([key, n.uid, n.manifest, toString(n.firstSeen), toString(n.lastChanged), n.changes]) AS states
