"""The link protocol's XML schema (SBE 1.0), read into decoders: no offset, length or number is repeated here.

A decoded message is a Message: its template and its fields by name. Enumerators come as their names ("Avail"), sets as the
set of the names of their bits, char arrays as text, other arrays as lists. A value without a name stays a number.
"""
import struct
import xml.etree.ElementTree as xml

SBE = "{http://fixprotocol.io/2016/sbe}"
CODES = {
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "char": "s",
}


class Message:
    """One decoded message; `seq` and `at`, its time on a steady clock, are given to it by those who know."""

    def __init__(self, name, fields):
        self.template = name
        self.__dict__.update(fields)

    def __repr__(self):
        return " ".join(f"{k}={v}" if k != "template" else str(v) for k, v in self.__dict__.items())


class FieldType:
    """How the bytes of one type become a value."""

    def __init__(self, primitive, length=1, names=None, bits=None):
        self.primitive = primitive
        self.length = length
        self.names = names
        self.bits = bits
        self.bytes = struct.calcsize("<" + CODES[primitive]) * length

    def decode(self, data, offset):
        values = struct.unpack_from(f"<{self.length}{CODES[self.primitive]}", data, offset)
        if self.primitive == "char":
            return values[0].split(b"\0")[0].decode("utf-8", "replace")
        if self.length > 1:
            return list(values)
        if self.names is not None:
            return self.names.get(values[0], values[0])
        if self.bits is not None:
            return {name for bit, name in self.bits.items() if values[0] >> bit & 1}
        return values[0]

    def encode(self, value):
        if self.primitive == "char":
            return value.encode().ljust(self.length, b"\0")
        if self.names is not None and isinstance(value, str):
            value = next(number for number, name in self.names.items() if name == value)
        if self.bits is not None:
            value = sum(1 << bit for bit, name in self.bits.items() if name in value)
        values = value if self.length > 1 else [value]
        return struct.pack(f"<{self.length}{CODES[self.primitive]}", *values)


class Schema:
    def __init__(self, path):
        root = xml.parse(path).getroot()
        self.id = int(root.get("id"))
        self.types = {name: FieldType(name) for name in CODES}
        for group in root.findall("types"):
            for element in group:
                self.types[element.get("name")] = self.field_type(element)
        self.block_bytes = {}  # by name of the template
        self.version = int(root.get("version"))
        self.messages = {}  # by template id: (name, [(field, type, offset)])
        for element in root.findall(SBE + "message"):
            fields = [
                (f.get("name"), self.types[f.get("type")], int(f.get("offset")))
                for f in element.findall("field")
                if not f.get("name").startswith("reserved")
            ]
            self.messages[int(element.get("id"))] = (element.get("name"), fields)
            self.block_bytes[element.get("name")] = int(element.get("blockLength"))

    def field_type(self, element):
        if element.tag == "type":
            return FieldType(element.get("primitiveType"), int(element.get("length", "1")))
        if element.tag == "enum":
            names = {int(v.text): v.get("name") for v in element.findall("validValue")}
            return FieldType(element.get("encodingType"), names=names)
        if element.tag == "set":
            bits = {int(c.text): c.get("name") for c in element.findall("choice")}
            return FieldType(element.get("encodingType"), bits=bits)
        return self.composite(element)

    def composite(self, element):
        """A composite is its parts one after the other: [(name, type, offset)]."""
        parts, offset = [], 0
        for part in element.findall("type"):
            part_type = self.field_type(part)
            parts.append((part.get("name"), part_type, offset))
            offset += part_type.bytes
        return parts

    def decode_at(self, data, offset):
        """The message at the offset, and the offset after it; None for a template that the schema does not have."""
        header, start = {}, offset
        for name, part_type, at in self.types["messageHeader"]:
            header[name] = part_type.decode(data, start + at)
            offset = start + at + part_type.bytes
        if header["schemaId"] != self.id:
            raise ValueError(f"schema {header['schemaId']} is not ours")
        end = offset + header["blockLength"]
        if end > len(data):
            raise ValueError("a message is longer than its frame")
        if header["templateId"] not in self.messages:
            return None, end
        name, fields = self.messages[header["templateId"]]
        values = {f: t.decode(data, offset + at) for f, t, at in fields if offset + at + t.bytes <= end}
        return Message(name, values), end

    def encode(self, template, values):
        """A whole message: its header and its block; fields that are not given are 0."""
        number, fields = next((n, fields) for n, (name, fields) in self.messages.items() if name == template)
        unknown = values.keys() - {name for name, _, _ in fields}
        if unknown:
            raise KeyError(f"{template} has no field {unknown}")
        block = bytearray(self.block_bytes[template])
        for name, field_type, at in fields:
            if name in values:
                encoded = field_type.encode(values[name])
                block[at : at + len(encoded)] = encoded
        parts = {
            "blockLength": len(block),
            "templateId": number,
            "schemaId": self.id,
            "version": self.version,
        }
        header = b"".join(t.encode(parts[name]) for name, t, _ in self.types["messageHeader"])
        return header + bytes(block)
