"""nexo Sale to POI 3.0 as Adyen's Terminal API speaks it, in JSON. Floor 1: no socket, clock, log.

`notation` writes and reads the JSON with exact amounts, `header` and `requests` are what a till
says, `answers` and `receipts` what a terminal does. `crypto` seals messages on the shop's network,
`envelope` opens what came and says what may be believed.
Nothing that leaves this package holds a whole card number, a track or an expiry date.
"""
