// Which files are sent: chosen or dropped, whole folders too. They travel as one
// parcel, whose layout readerstudy/cases/parcels.py describes: a folder of thousands
// of slices is one stream, and the names of its files stand in no request's headers.
(() => {
  // \x89PARCEL\n
  const MAGIC = new Uint8Array([0x89, 0x50, 0x41, 0x52, 0x43, 0x45, 0x4c, 0x0a]);

  // files: [{file, path}]. The browser reads them when they are sent, not before.
  window.cohortParcel = (files) => {
    const index = new TextEncoder().encode(
      JSON.stringify(files.map(({ file, path }) => [path, file.size])),
    );
    const length = new DataView(new ArrayBuffer(8));
    length.setUint32(4, index.length);
    return new Blob([...files.map(({ file }) => file), index, length, MAGIC]);
  };

  // The same for the same files of the same person: so a sending that was broken off
  // is found again. FNV-1a in two lanes; it tells files apart and keeps no secret.
  window.cohortFingerprint = (person, files) => {
    const text = [person, ...files.map(({ file, path }) => [path, file.size, file.lastModified])].join("\n");
    let one = 0x811c9dc5;
    let other = 0x9747b28c;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      one = Math.imul(one ^ code, 0x01000193);
      other = Math.imul(other ^ code, 0x5bd1e995);
    }
    return `cohort-${text.length}-${one >>> 0}-${other >>> 0}`;
  };

  // readEntries gives a part of a folder at a time, until it gives nothing
  const entriesOf = async (reader) => {
    const all = [];
    for (;;) {
      const part = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!part.length) return all;
      all.push(...part);
    }
  };

  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      return [{ file, path: entry.fullPath.replace(/^\//, "") }];
    }
    const found = [];
    for (const one of await entriesOf(entry.createReader())) {
      for (const file of await walk(one)) found.push(file);
    }
    return found;
  };

  const dropped = async (data) => {
    // both must be asked for before the first await: the list is emptied then
    const plain = [...data.files];
    const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    if (!entries.length) return plain.map((file) => ({ file, path: file.name }));
    const found = [];
    for (const entry of entries) {
      for (const file of await walk(entry)) found.push(file);
    }
    return found;
  };

  // The same files in the same order, however they were chosen.
  const ordered = (files) =>
    files.sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));

  window.cohortFiles = ({ zone, inputs, chosen, unreadable }) => {
    for (const input of inputs) {
      input.addEventListener("change", () => {
        for (const other of inputs) if (other !== input) other.value = "";
        chosen(
          ordered([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }))),
        );
      });
    }
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
    }
    for (const name of ["dragleave", "drop"]) {
      zone.addEventListener(name, () => zone.classList.remove("over"));
    }
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      for (const input of inputs) input.value = "";
      try {
        chosen(ordered(await dropped(event.dataTransfer)));
      } catch {
        unreadable();
      }
    });
  };
})();
