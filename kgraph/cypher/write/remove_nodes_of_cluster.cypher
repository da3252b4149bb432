// Take away $most resources of one cluster that nothing points at: keys from $start up to $end. Their own edges have
// gone before; DETACH is for one that was written meanwhile.
MATCH (n:Resource) WHERE n.key >= $start AND n.key < $end AND NOT EXISTS { (n)<--() }
WITH n LIMIT $most
DETACH DELETE n
RETURN count(*) AS removed
