// What is kept of the usage of $keys: [of, history, when its last sample was taken in seconds since the epoch] of each
// that has any.
UNWIND $keys AS key
MATCH (u:Usage {key: key}) WHERE u.history IS NOT NULL
RETURN collect([u.of, u.history, u.sampledAt.epochMillis / 1000.0]) AS histories
