"""Floor 5: the box's edge to headquarters (MQTT). Never sees web/."""
