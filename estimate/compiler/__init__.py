"""XLA's GPU compiler without a GPU: a process that compiles training steps and says what memory they need."""
