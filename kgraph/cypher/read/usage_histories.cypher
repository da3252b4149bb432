// What is kept of the usage of $keys: [of, history] of each that has any.
UNWIND $keys AS key
MATCH (u:Usage {key: key}) WHERE u.history IS NOT NULL
RETURN collect([u.of, u.history]) AS histories
