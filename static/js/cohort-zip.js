// Many chosen files become one uncompressed zip before they are sent: a server takes
// only so many files at once, and their folders would be lost on the way.
// Layout: APPNOTE.TXT 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
(() => {
  const TABLE = new Uint32Array(256).map((_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });

  const checksum = async (file) => {
    let crc = ~0;
    const reader = file.stream().getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return ~crc >>> 0;
      for (const byte of value) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
    }
  };

  // Each field is [bytes, value], little endian.
  const record = (...fields) => {
    const length = fields.reduce((sum, [bytes]) => sum + bytes, 0);
    const view = new DataView(new ArrayBuffer(length));
    let at = 0;
    for (const [bytes, value] of fields) {
      if (bytes === 4) view.setUint32(at, value, true);
      else view.setUint16(at, value, true);
      at += bytes;
    }
    return view;
  };

  const UTF8_NAME = 0x0800;
  const JANUARY_1980 = (1 << 5) | 1;

  // files: [{file, path}]. Without zip64 a zip holds 65,534 files and 4 GB.
  window.cohortZip = async (files, progress) => {
    const bytes = files.reduce((sum, one) => sum + one.file.size, 0);
    if (files.length > 65534 || bytes > 0xf0000000) return null;
    const parts = [];
    const directory = [];
    let offset = 0;
    let directoryLength = 0;
    for (const [index, { file, path }] of files.entries()) {
      progress(index, files.length);
      const name = new TextEncoder().encode(path);
      const crc = await checksum(file);
      const common = [
        [2, 20], [2, UTF8_NAME], [2, 0], [2, 0], [2, JANUARY_1980],
        [4, crc], [4, file.size], [4, file.size], [2, name.length], [2, 0],
      ];
      parts.push(record([4, 0x04034b50], ...common), name, file);
      directory.push(
        record([4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
        name,
      );
      offset += 30 + name.length + file.size;
      directoryLength += 46 + name.length;
    }
    const end = record(
      [4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length],
      [4, directoryLength], [4, offset], [2, 0],
    );
    return new Blob([...parts, ...directory, end], { type: "application/zip" });
  };
})();
