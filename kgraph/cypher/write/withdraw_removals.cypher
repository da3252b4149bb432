// Take back that clusters ($ids) are to be removed: a worker has them in its configuration.
MATCH (r:ClusterRegistration) WHERE r.id IN $ids AND r.removing
MATCH (c:Cluster {id: r.id})
SET c.removing = null
DELETE r
