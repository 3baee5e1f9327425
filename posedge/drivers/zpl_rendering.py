"""A label document becomes one ZPL format. Pure."""

from posedge.drivers.label_layout import Paper, Place, Symbol, Words, lay_out
from posedge.model.label import Label
from posedge.wire import zpl


def render(label: Label, paper: Paper, quantity: int) -> bytes:
    """Return the format for `quantity` labels; MisuseError when the label cannot be."""
    head = f"^XA^CI28^PW{paper.width}^LL{paper.height}^LH0,0"
    places = b"".join(map(_place, lay_out(label, paper)))
    return head.encode() + places + f"^PQ{quantity}^XZ".encode()


def _place(place: Place) -> bytes:
    at = f"^FO{place.left},{place.top}".encode()
    match place:
        case Words():
            return at + f"^A0N,{place.height},{place.height}".encode() + zpl.field(place.text)
        case Symbol():
            return at + _symbol(place)


def _symbol(symbol: Symbol) -> bytes:
    module, height, data = symbol.module, symbol.height, symbol.data
    match symbol.symbology:
        case "ean13":
            return f"^BY{module}^BEN,{height},Y,N".encode() + zpl.field(data[:12])
        case "code128":
            return f"^BY{module}^BCN,{height},Y,N,N,N".encode() + zpl.field(zpl.code128(data))
        case "qr":
            return f"^BQN,2,{module}".encode() + zpl.field(f"MA,{data}")
        case "gs1-datamatrix":
            return f"^BXN,{module},200,,,,_,1".encode() + zpl.field(zpl.data_matrix(data))
