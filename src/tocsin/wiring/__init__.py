"""From settings to objects: the one place that knows every part."""
