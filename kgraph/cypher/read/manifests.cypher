// The objects of the nodes in $of.handles, in one list: [handle, the object as JSON].
UNWIND $of.handles AS handle
MATCH (n) WHERE elementId(n) = handle AND n.manifest IS NOT NULL
RETURN collect([handle, n.manifest]) AS manifests
