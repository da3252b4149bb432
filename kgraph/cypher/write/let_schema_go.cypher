// $holder has brought the schema on.
MATCH (s:GraphSchema {key: "schema"}) WHERE s.holder = $holder
SET s.holder = null, s.heldUntil = null
