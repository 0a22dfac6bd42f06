"""What sort of file it is, by its first bytes: a name or a browser's word for it can say anything.

The marks are those of the formats' own specifications, as https://mimesniff.spec.whatwg.org collects them.
"""

OTHER = "application/octet-stream"
HEAD = 64
"""Bytes that are enough to tell."""
_BEGINS = {
    b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif", b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf", b"ID3": "audio/mpeg", b"OggS\x00": "audio/ogg", b"fLaC": "audio/flac",
    b"\x1aE\xdf\xa3": "video/webm", b"PK\x03\x04": "application/zip",
}  # fmt: skip
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_MP4_AUDIO = (b"M4A ", b"M4B ")
_SHOWN = {"image": "image", "audio": "audio", "video": "video", "application/pdf": "pdf"}


def kind_of(head: bytes) -> str:
    r"""The media type of a file that begins like this; OTHER for all that a page could not show safely.

    Texts, pages and drawings that can hold a script (HTML, SVG, XML) are no sort of their own: they have no mark that
    could be trusted, and are only ever fetched.

    >>> kind_of(b"\x89PNG\r\n\x1a\n...."), kind_of(b"<svg onload=alert(1)>"), kind_of(b"RIFF0000WAVEfmt ")
    ('image/png', 'application/octet-stream', 'audio/wav')
    """
    for mark, found in _BEGINS.items():
        if head.startswith(mark):
            return found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], OTHER)
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:12] in _MP4_AUDIO else "video/mp4"
    # a frame of MPEG audio layer III without a tag before it
    is_mp3 = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return "audio/mpeg" if is_mp3 else OTHER


def shown_as(media_type: str) -> str:
    """How a page shows a file of this sort: image, audio, video, pdf; "" where it only offers it.

    >>> shown_as("image/png"), shown_as("application/pdf"), shown_as("application/octet-stream")
    ('image', 'pdf', '')
    """
    return _SHOWN.get(media_type) or _SHOWN.get(media_type.partition("/")[0], "")
