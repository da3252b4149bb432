// The objects of the nodes in $of.places ([handle, key]), in one list: [handle, the object as JSON].
// A handle may be another node's by now, which the key tells.
UNWIND $of.places AS place
MATCH (n) WHERE elementId(n) = place[0] AND n.key = place[1] AND n.manifest IS NOT NULL
RETURN collect([place[0], n.manifest]) AS manifests
