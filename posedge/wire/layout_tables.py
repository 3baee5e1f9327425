"""What each key types on the keyboards that scanners imitate. Made by tools/layouts: change that.

Of each layout four levels: alone, with Shift, with AltGr, with both. The characters stand in the
order of KEYS; a blank is a key that types nothing, a combining character a dead key.
Source: xkb-data 2.35.1-1.
"""

from collections.abc import Mapping

KEYS = (*range(2, 14), *range(16, 28), *range(30, 42), *range(43, 54), 83, 86)
"""Key codes of linux/input-event-codes.h: four rows, the keypad's point, the key left of Z."""

Levels = tuple[str, str, str, str]

TABLES: Mapping[str, Levels] = {
    "us": (
        "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./.\\",
        '!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"~|ZXCVBNM<>? |',
        "                                                |",
        "                                                 ",
    ),
    "gb": (
        "1234567890-=qwertyuiop[]asdfghjkl;'`#zxcvbnm,./.\\",
        '!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@¬~ZXCVBNM<>? |',
        "   \u20ac  {[]}\\ @          \u0303         \u0301\u0302|\u0300           |",
        "                               &   | <>          ",
    ),
    "de": (
        "1234567890ß\u0301qwertzuiopü+asdfghjklöä\u0302#yxcvbnm,.-,<",
        "!\"§$%&/()=?\u0300QWERTZUIOPÜ*ASDFGHJKLÖÄ°'YXCVBNM;:_ >",
        "      {[]}\\ @ \u20ac        ~          \u0302             |",
        "              \u20ac                &                 ",
    ),
    "fr": (
        "&é\"'(-è_çà)=azertyuiop\u0302$qsdfghjklmù²*wxcvbn,;:!.<",
        "1234567890°+AZERTYUIOP\u0308£QSDFGHJKLM%²µWXCVBN?./§ >",
        " \u0303#{[|\u0300\\^@]}  \u20ac                                 |",
        "                                                 ",
    ),
    "be": (
        "&é\"'(§è!çà)-azertyuiop\u0302$qsdfghjklmù²µwxcvbn,;:=.<",
        "1234567890°_AZERTYUIOP\u0308*QSDFGHJKLM%³£WXCVBN?./+ >",
        "|@#  ^{[{}\\ @ \u20ac       []         \u0301\u0301 \u0300         \u0303 \\",
        "   $                           &     <>         \\",
    ),
    "ch-de": (
        "1234567890'\u0302qwertzuiopü\u0308asdfghjklöä§$yxcvbnm,.-.<",
        '+"*ç%&/()=?\u0300QWERTZUIOPè!ASDFGHJKLéà°£YXCVBNM;:_ >',
        "|@#   | ]}\u0301\u0303@ \u20ac       []         \u0301{ }           \\",
        "   $                           &     <>          ",
    ),
    "ch-fr": (
        "1234567890'\u0302qwertzuiopè\u0308asdfghjkléà§$yxcvbnm,.-.<",
        '+"*ç%&/()=?\u0300QWERTZUIOPü!ASDFGHJKLöä°£YXCVBNM;:_ >',
        "|@#   | ]}\u0301\u0303@ \u20ac       []         \u0301{ }           \\",
        "   $                           &     <>          ",
    ),
    "es": (
        "1234567890'¡qwertyuiop\u0300+asdfghjklñ\u0301ºçzxcvbnm,.-.<",
        '!"·$%&/()=?¿QWERTYUIOP\u0302*ASDFGHJKLÑ\u0308ªÇZXCVBNM;:_ >',
        "|@#\u0303  {[]}\\ @ \u20ac       []         \u0303{\\}           |",
        "                               &   \\ <>          ",
    ),
    "it": (
        "1234567890'ìqwertyuiopè+asdfghjklòà\\ùzxcvbnm,.-.<",
        '!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°|§ZXCVBNM;:_ >',
        "      {[]}`~@ \u20ac       []         @# \u0300       \u0301    ",
        "  \u0303        \u0302          {}       &     <>          ",
    ),
    "se": (
        "1234567890+\u0301qwertyuiopå\u0308asdfghjklöä§'zxcvbnm,.-,<",
        '!"#¤%&/()=?\u0300QWERTYUIOPÅ\u0302ASDFGHJKLÖÄ½*ZXCVBNM;:_ >',
        " @ $\u20ac {[]}\\ @ \u20ac        \u0303                        |",
        "                               &     <>          ",
    ),
    "fi": (
        "1234567890+\u0301qwertyuiopå\u0308asdfghjklöä§'zxcvbnm,.-,<",
        '!"#¤%&/()=?\u0300QWERTYUIOPÅ\u0302ASDFGHJKLÖÄ½*ZXCVBNM;:_ >',
        " @ $\u20ac {[]}\\   \u20ac        \u0303                        |",
        "       <>          |                             ",
    ),
    "dk": (
        "1234567890+\u0301qwertyuiopå\u0308asdfghjklæø½'zxcvbnm,.-,<",
        '!"#¤%&/()=?\u0300QWERTYUIOPÅ\u0302ASDFGHJKLÆØ§*ZXCVBNM;:_ >',
        " @ $  {[]} |@ \u20ac        \u0303         \u0301\u0302             \\",
        "                               &     <>          ",
    ),
    "no": (
        "1234567890+\\qwertyuiopå\u0308asdfghjkløæ|'zxcvbnm,.-,<",
        '!"#¤%&/()=?\u0300QWERTYUIOPÅ\u0302ASDFGHJKLØÆ§*ZXCVBNM;:_ >',
        " @ $  {[]} \u0301@ \u20ac        \u0303         \u0301\u0302              ",
        "                               &     <>          ",
    ),
}
