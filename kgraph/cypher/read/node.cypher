// One node by its key, whatever it is: [handle, key, missing], or null.
OPTIONAL MATCH (resource:Resource {key: $key})
OPTIONAL MATCH (cluster:Cluster {key: $key})
OPTIONAL MATCH (image:Image {key: $key})
OPTIONAL MATCH (host:Host {key: $key})
OPTIONAL MATCH (subject:Subject {key: $key})
OPTIONAL MATCH (release:HelmRelease {key: $key})
WITH coalesce(resource, cluster, image, host, subject, release) AS n
RETURN CASE WHEN n IS NOT NULL THEN [elementId(n), n.key, n:Missing] END AS node
