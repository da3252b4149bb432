// Refused references, as a picture: routes, Gateways and claims that name something in another namespace which no
// ReferenceGrant there allows. They get none of it, whether it is there or not.
MATCH path = (n)-[r]->(end)
WHERE r.granted = false
RETURN path
ORDER BY n.key, end.key
LIMIT 200
