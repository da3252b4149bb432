// Whom bindings give the roles $of.roles (keys), in the whole cluster and in the namespace $of.namespace, the whole
// cluster first, users and groups before accounts: the first $of.room of [[handle, key, false], the subject's key, the
// role's key].
UNWIND $of.roles AS key
MATCH (role:Resource {key: key})<-[:BINDS]-(b:Resource)-[:SUBJECT]->(who)
WHERE b:ClusterRoleBinding OR (b:RoleBinding AND b.namespace = $of.namespace)
WITH role, b, who ORDER BY b:RoleBinding, who:Resource, who.key, b.key LIMIT $of.room
RETURN collect([[elementId(b), b.key, false], who.key, role.key]) AS bindings
