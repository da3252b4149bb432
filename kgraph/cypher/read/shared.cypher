// Whether a caller sees the node $of.key, which belongs to no one (an image, a host, a subject, a release): through the
// resources that lead to it. `unknown` is what $of.sight does not have of where these are.
OPTIONAL MATCH (image:Image {key: $of.key})
OPTIONAL MATCH (host:Host {key: $of.key})
OPTIONAL MATCH (subject:Subject {key: $of.key})
OPTIONAL MATCH (release:HelmRelease {key: $of.key})
WITH coalesce(image, host, subject, release) AS n
CALL (n) {
  MATCH (n)<--(m:Resource)
  RETURN DISTINCT m.cluster AS cluster, left(m.key, size(m.key) - size(m.name) - 1) AS scope
}
WITH scope, coalesce($of.sight[cluster], $of.sight[scope]) AS visible
RETURN coalesce(max(CASE WHEN visible THEN 1 ELSE 0 END), 0) = 1 AS seen,
  collect(CASE WHEN visible IS NULL THEN scope END) AS unknown
