"""ZVT, the register-to-terminal protocol of DACH (PA00P015 13.08). Floor 1: no socket, clock, log.

`apdu` frames bytes, `register` and `terminal` are the messages of each side, `decode` turns one
frame into one of them. TCP carries frames as they are; `serial` wraps them for a serial line, and
`transport` says them again until they are acknowledged there.
Nothing that leaves this package holds a card number, a track, a CVV or an expiry date.
"""
