// The histories of the nodes $of.handles: [handle, firstSeen, lastChanged, changes] of each.
UNWIND $of.handles AS handle
MATCH (n) WHERE elementId(n) = handle
RETURN collect([elementId(n), toString(n.firstSeen), toString(n.lastChanged), n.changes]) AS histories
