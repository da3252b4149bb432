// Take rows of the outbox away that are safe where they were sent to: $rows of [shard, seq].
UNWIND $rows AS row
MATCH (o:Outbox {shard: row[0], seq: row[1]})
DELETE o
