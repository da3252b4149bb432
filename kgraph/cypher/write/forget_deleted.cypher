// Forget $most of a $cluster's deleted resources that went before $before; says how many.
MATCH (d:Deleted {cluster: $cluster}) WHERE d.goneAt < $before
WITH d LIMIT $most
DELETE d
RETURN count(*) AS forgotten
