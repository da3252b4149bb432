// The fence (see `open`) of a write that is one statement, which what follows it makes whole: the cluster $key, its
// $epoch, what its node says from now on ($state), the batch's $token, and numbers for its events from $first on, $room
// of them, where they follow the last one. No record, and nothing written, where any of that is not so.
MATCH (c:Cluster {key: $key})
SET c.writtenAt = datetime()
WITH c WHERE c.epoch = $epoch AND ($room = 0 OR c.sequence = $first - 1) AND NOT coalesce($token IN c.batches, false)
SET c += $state
SET c += CASE $room WHEN 0 THEN {} ELSE {
  sequence: $first + $room - 1, batches: (coalesce(c.batches, []) + $token)[-8..]
} END
