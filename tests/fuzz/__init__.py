"""Every parser of what others write, held to its word by bytes that nobody would write.

Here belong the table of targets, their corpus, the fuzzer of `make fuzz`, and the replay that the suite runs. No
promise about what a parser understands: those are the unit tests'.
"""
