"""Captures written by hand: the frames of a stream, around them UDP, IPv4 and Ethernet, around those a pcap file."""
import struct

from capture import crc32c, with_crc_zero

FRAME_MESSAGES = {"A": 7, "B": 5}  # the two links cut the same messages differently


def frame(schema, link, acd, epoch, first_seq, messages, flags=()):
    """`messages` are encoded ones. The CRC is taken over everything with its own field as 0."""
    body = b"".join(messages)
    header = {
        "magic": 0x4C54,
        "version": 1,
        "flags": flags,
        "acd": acd,
        "link": link,
        "message_count": len(messages),
        "body_bytes": len(body),
        "epoch": epoch,
        "first_seq": first_seq,
        "sent_at": epoch,
    }
    crc = crc32c(with_crc_zero(schema, schema.encode("FrameHeader", header) + body))
    return schema.encode("FrameHeader", header | {"crc32c": crc}) + body


def internet_checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(link, payload):
    """From 10.101.LINK.1 to 10.101.LINK.2, port 5500; a UDP checksum of 0 says that there is none."""
    number = 1 if link == "A" else 2
    udp = struct.pack(">HHHH", 5500, 5500, 8 + len(payload), 0) + payload
    addresses = bytes([10, 101, number, 1, 10, 101, number, 2])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0) + addresses
    ip = ip[:10] + struct.pack(">H", internet_checksum(ip)) + ip[12:]
    return bytes(12) + b"\x08\x00" + ip + udp


def write_capture(schema, path, link, streams):
    """`streams`: [(acd, epoch, [(time, encoded message)])]. Frames stand in the order of their first messages' time."""
    frames = []
    size = FRAME_MESSAGES[link]
    for acd, epoch, messages in streams:
        for i in range(0, len(messages), size):
            part = messages[i : i + size]
            data = frame(schema, link, acd, epoch, i + 1, [encoded for _, encoded in part])
            frames.append((i // size, acd, data))
        end = frame(schema, link, acd, epoch, len(messages) + 1, [], {"heartbeat", "end_of_epoch"})
        frames.append((len(messages) // size + 1, acd, end))
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 16, 1))
        for n, (_, _, data) in enumerate(sorted(frames)):
            packet = ethernet(link, data)
            file.write(struct.pack("<IIII", n, 0, len(packet), len(packet)) + packet)
