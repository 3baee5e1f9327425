"""Floor 5: the box's edge to tills and technicians (HTTP). Never sees relay/."""
