// What the bindings that name one of $of.subjects (keys) grant, in the whole cluster and in the namespace $of.namespace:
// `bindings` of [[handle, key, false], the subject's key, the role's key], and their roles, each once, as
// [[handle, key, missing], the object as JSON, null of what is not there].
UNWIND $of.subjects AS key
CALL (key) {
  MATCH (who:Subject {key: key}) RETURN who
  UNION ALL
  MATCH (who:Resource {key: key}) RETURN who
}
MATCH (who)<-[:SUBJECT]-(b:Resource)-[:BINDS]->(role:Resource)
WHERE b:ClusterRoleBinding OR (b:RoleBinding AND b.namespace = $of.namespace)
WITH collect([[elementId(b), b.key, false], who.key, role.key]) AS bindings, collect(DISTINCT role) AS roles
RETURN bindings, [role IN roles | [[elementId(role), role.key, role:Missing], role.manifest]] AS roles
