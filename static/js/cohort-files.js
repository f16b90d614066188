// Which files are sent: chosen or dropped, whole folders too. They travel as one
// parcel, whose layout readerstudy/cases/storage/parcels.py describes: a folder of thousands
// of slices is one stream, and the names of its files stand in no request's headers.
(() => {
  // \x89PARCEL\n
  const MAGIC = new Uint8Array([0x89, 0x50, 0x41, 0x52, 0x43, 0x45, 0x4c, 0x0a]);

  // files: [{file, path, size}]. The browser reads them when they are sent, not before.
  window.cohortParcel = (files) => {
    const index = new TextEncoder().encode(JSON.stringify(files.map(({ path, size }) => [path, size])));
    const length = new DataView(new ArrayBuffer(8));
    length.setUint32(4, index.length);
    return new Blob([...files.map(({ file }) => file), index, length, MAGIC]);
  };

  // The same for the same files of the same person: so a sending that was broken off
  // is found again. FNV-1a in two lanes; it tells files apart and keeps no secret.
  window.cohortFingerprint = (person, files) => {
    const text = [person, ...files.map(({ path, size, changed }) => [path, size, changed])].join("\n");
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

  // Every size is a question to the disk: thousands of them must not freeze the page.
  const measured = async (files, looking) => {
    for (const [index, one] of files.entries()) {
      one.size = one.file.size;
      one.changed = one.file.lastModified;
      if (index % 200) continue;
      looking(index, files.length);
      await new Promise((done) => setTimeout(done));
    }
    return files;
  };

  // The same files in the same order, however they were chosen.
  const ordered = (files) =>
    files.sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));

  window.cohortFiles = ({ zone, inputs, looking, chosen, unreadable }) => {
    let latest = null;
    const take = async (finding) => {
      latest = finding;
      try {
        looking(0, 0);
        const found = await measured(ordered(await finding), (done, all) => {
          if (latest === finding) looking(done, all);
        });
        if (latest === finding) chosen(found);
      } catch {
        if (latest === finding) unreadable();
      }
    };
    const takeFrom = (input) => {
      for (const other of inputs) if (other !== input) other.value = "";
      const paths = (file) => ({ file, path: file.webkitRelativePath || file.name });
      take(Promise.resolve([...input.files].map(paths)));
    };
    for (const input of inputs) {
      input.addEventListener("change", () => takeFrom(input));
      // chosen before this script had come
      if (input.files.length) takeFrom(input);
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
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      for (const input of inputs) input.value = "";
      take(dropped(event.dataTransfer));
    });
  };
})();
