"""How a script gets its data into host memory."""
