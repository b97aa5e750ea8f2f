"""What is asked of a watched endpoint and how its answers are read: border prompts, a fixed battery, declared facts."""
