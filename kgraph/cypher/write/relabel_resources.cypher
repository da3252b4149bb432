// Take away the labels that somebody has given to resources ($keys) of the kind with this $label; its own come with
// `upsert_resources`.
UNWIND $keys AS key
MATCH (n:Resource {key: key})
REMOVE n:$([each IN labels(n) WHERE NOT each IN ["Resource", $label]])
