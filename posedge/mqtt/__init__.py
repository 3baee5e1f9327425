"""Floor 2: the MQTT 5 client that the box's relay and headquarters share. Knows neither of them."""
