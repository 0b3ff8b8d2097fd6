"""What stands behind the lesson: read it afterwards, or never. Each file says in its first line what it holds."""
