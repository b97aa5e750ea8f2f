"""Quality: tasks with checks, asked of an endpoint and judged; golden sets, procedural families, others' logs."""
