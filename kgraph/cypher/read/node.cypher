// One node by its key, whatever it is: [handle, key, missing], or null.
OPTIONAL MATCH (resource:Resource {key: $of.key})
OPTIONAL MATCH (cluster:Cluster {key: $of.key})
OPTIONAL MATCH (image:Image {key: $of.key})
OPTIONAL MATCH (host:Host {key: $of.key})
OPTIONAL MATCH (subject:Subject {key: $of.key})
OPTIONAL MATCH (release:HelmRelease {key: $of.key})
WITH coalesce(resource, cluster, image, host, subject, release) AS n
RETURN CASE WHEN n IS NOT NULL THEN [elementId(n), n.key, n:Missing] END AS node
