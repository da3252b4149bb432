// The histories of the nodes at $of.places ([handle, key]): [handle, firstSeen, lastChanged, changes] of each.
// A handle may be another node's by now, which the key tells.
UNWIND $of.places AS place
MATCH (n) WHERE elementId(n) = place[0] AND n.key = place[1]
RETURN collect([elementId(n), toString(n.firstSeen), toString(n.lastChanged), n.changes]) AS histories
