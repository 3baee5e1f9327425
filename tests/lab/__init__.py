"""The lab: real drivers on a real kernel behind real udev, with USB devices that bear real ids.

An emulated machine boots Debian's kernel in seconds. Its root is this machine's own, read-only and
with a layer in memory on top, so that nothing is built or copied: the guest runs the checkout from
its own .venv. The kernel's dummy host controller is a USB bus on which the gadgets of configfs are
plugged, which are scanners, printers and scales as far as anything above can tell.

- prepare   what the guest needs: packages, kernel, initramfs; all cached
- init      the first process: from the initramfs into this machine's root
- start     udev, the modules, the hands, then the scenarios or a shell
- hands     the shop's side: plugs, pulls, scans, weighs, takes the paper out
- inside    posedge's side: each scenario with the real Devices, as the user posedge

That is the fast guest. The full guest, `tests.lab.full`, is Debian with systemd and the service.
What is asked of this machine itself is in `host`.

`make lab` runs all scenarios and prints a table; `SCENARIOS="fast"`, `"full"`, `"here"` or names
choose. POSEDGE_LAB_TURNS is how many plugs and pulls, and how many pairs of overlapping scans,
instead of 1,000. `make lab-shell` is the fast guest by hand.
"""
