// Wait until every index can be used, five minutes at most.
CALL db.awaitIndexes(300)
