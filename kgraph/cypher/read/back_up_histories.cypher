// The histories of resources: the next $most after the key $after, for a backup; and the last key of them.
MATCH (n:Resource) WHERE n.key > $after AND NOT n:Missing
WITH n ORDER BY n.key LIMIT $most
RETURN collect({
  key: "history:" + n.key, of: n.key, cluster: n.cluster, uid: n.uid, changes: n.changes, firstSeen: n.firstSeen,
  lastChanged: n.lastChanged
}) AS rows, max(n.key) AS last
