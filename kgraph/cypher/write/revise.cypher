// The fence (see `open`) of a write that is one statement, which what follows it makes whole: the cluster $key, the
// $names of its part's properties, its $epoch, the cluster's $division, what its node says from now on ($state), the
// batch's $token, and numbers for its events from $first on, $room of them, where they come after the last one. No
// record, and nothing written, where any of that is not so.
MATCH (c:Cluster {key: $key})
SET c.writtenAt = datetime()
WITH c WHERE c[$names.epoch] = $epoch AND coalesce(c.division, "") = $division
  AND ($room = 0 OR c.sequence < $first) AND NOT coalesce($token IN c[$names.batches], false)
SET c += $state
SET c += CASE $room WHEN 0 THEN {} ELSE {sequence: $first + $room - 1} END
FOREACH (_ IN CASE $room WHEN 0 THEN [] ELSE [0] END |
  SET c[$names.batches] = (coalesce(c[$names.batches], []) + $token)[-8..]
)
