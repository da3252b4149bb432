// Forget $most of what a cluster's workloads and Nodes used: keys from $start up to $end.
MATCH (u:Usage) WHERE u.key >= $start AND u.key < $end
WITH u LIMIT $most
DELETE u
RETURN count(*) AS removed
