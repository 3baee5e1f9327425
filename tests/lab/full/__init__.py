"""The full guest: Debian 12 with systemd as PID 1 and posedge installed as on a shop's box.

The till and the card terminal stand outside, on this machine: when the box loses its power they
go on, as in a shop. Its journal lies on a disk of its own, whose writes are logged with their
flushes: after a cut, what was flushed is there, and of the rest whatever chance keeps.

- prepare   Debian, posedge as shipped, and the units of the lab around it
- machine   the box: on, off, and cut off
- blocklog  what a disk holds after a cut
- crashes   the same for each write of a recorded run
- shop      till, terminal, configuration and keys
- service   scenarios of the running service
- cuts      scenarios that end it
"""
