// Whether the graph has anything of a cluster's kinds and resources; placeholders that others made are nothing.
RETURN EXISTS { MATCH (k:SyncedKind) WHERE k.key STARTS WITH $cluster + "/" }
  OR EXISTS { MATCH (n:Resource) WHERE n.key STARTS WITH $cluster + "/" AND NOT n:Missing } AS holds
