// Turn what other clusters' resources still point at, of one cluster ($start up to $end), into placeholders.
MATCH (n:Resource) WHERE n.key >= $start AND n.key < $end AND NOT n:Missing
REMOVE n:$([label IN labels(n) WHERE label <> "Resource"])
SET n = {key: n.key, cluster: n.cluster, group: n.group, kind: n.kind, namespace: n.namespace, name: n.name},
  n:Missing
