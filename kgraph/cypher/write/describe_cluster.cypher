// Say how a cluster is: its version, whether it answers, when it was last in step.
MATCH (c:Cluster {key: $key})
SET c += $properties
