// Add $keys to what this transaction says that it has met: ends that only the graph knew. $cluster is one of those that
// `open` has opened in it.
MATCH (c:Cluster {key: $cluster})
MATCH (t:Touched {key: c.id + "/" + toString(c.touchedAt)})
SET t.met = t.met + $keys
