"""Frames out of pcap files: Ethernet (with VLAN tags), IPv4 or IPv6, UDP; then the frame itself and its messages.

What is damaged is left out, as a receiver must: a frame counts whole or not at all.
"""
import struct

PCAP_MAGICS = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}  # classic pcap: ns per unit of the second time word
CRC32C_POLYNOMIAL = 0x82F63B78  # 0x1EDC6F41 reflected


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (CRC32C_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def records(path):
    """(time in ns, bytes) of each packet of a capture, in its order."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if struct.unpack_from("<I", data)[0] in PCAP_MAGICS else ">"
    unit_ns = PCAP_MAGICS[struct.unpack_from(order + "I", data)[0]]
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, captured, _ = struct.unpack_from(order + "4I", data, at)
        yield seconds * 1_000_000_000 + fraction * unit_ns, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def udp_payload(ethernet):
    """What the UDP datagram in an Ethernet frame carries; None when there is none."""
    at = 12
    while ethernet[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    kind, at = ethernet[at : at + 2], at + 2
    if kind == b"\x08\x00" and ethernet[at + 9] == 17:
        at += (ethernet[at] & 0x0F) * 4
    elif kind == b"\x86\xdd" and ethernet[at + 6] == 17:
        at += 40
    else:
        return None
    (length,) = struct.unpack_from(">H", ethernet, at + 4)
    return ethernet[at + 8 : at + length]


class Frame:
    def __init__(self, captured_ns, header, messages):
        self.captured_ns = captured_ns
        self.header = header
        self.messages = messages  # None stands for a template that the schema does not have


def decode_frame(schema, captured_ns, data):
    """The frame, or None when it is not a whole and undamaged frame of the link protocol."""
    try:
        header, at = schema.decode_at(data, 0)
        whole = header is not None and header.template == "FrameHeader" and hasattr(header, "sent_at")
        if not whole or crc32c(with_crc_zero(schema, data)) != header.crc32c:
            return None
        if at + header.body_bytes != len(data):
            return None
        messages = []
        while at < len(data):
            message, at = schema.decode_at(data, at)
            messages.append(message)
    except (ValueError, struct.error):
        return None
    return Frame(captured_ns, header, messages) if len(messages) == header.message_count else None


def with_crc_zero(schema, data):
    """The frame as its CRC is taken: with the field crc32c as 0."""
    header_bytes = sum(part_type.bytes for _, part_type, _ in schema.types["messageHeader"])
    fields = next(fields for name, fields in schema.messages.values() if name == "FrameHeader")
    at, size = next((header_bytes + at, t.bytes) for name, t, at in fields if name == "crc32c")
    return data[:at] + bytes(size) + data[at + size :]


def frames(schema, path):
    for captured_ns, ethernet in records(path):
        payload = udp_payload(ethernet)
        frame = decode_frame(schema, captured_ns, payload) if payload else None
        if frame is not None:
            yield frame
