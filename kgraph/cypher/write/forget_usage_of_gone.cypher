// Forget what a $cluster's workloads and Nodes used that were there when a backup was made, and are not any more.
MATCH (u:Usage {cluster: $cluster}) WHERE NOT EXISTS { MATCH (n:Resource {key: u.of}) WHERE NOT n:Missing }
DELETE u
