// Drag and drop, folders and a progress bar for the upload form. Without this
// script the form works as any other.
(() => {
  const form = document.getElementById("cohort-upload");
  if (!form) return;
  const zone = document.getElementById("drop-zone");
  const input = document.getElementById("files");
  const chosen = document.getElementById("chosen");
  const problem = document.getElementById("upload-error");
  const progress = document.getElementById("upload-progress");
  const button = form.querySelector("button");
  let files = []; // [{file, path}]

  const choose = (found) => {
    files = found;
    const bytes = files.reduce((sum, one) => sum + one.file.size, 0);
    chosen.textContent =
      files.length === 1
        ? files[0].path
        : `${files.length} ${chosen.dataset.words} (${(bytes / 2 ** 20).toFixed(1)} MB)`;
  };

  input.addEventListener("change", () => {
    choose([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
  });

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
    for (const one of await entriesOf(entry.createReader())) found.push(...(await walk(one)));
    return found;
  };

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
    // entries must be asked for before the first await: the list is emptied then
    const plain = [...event.dataTransfer.files];
    const entries = [...event.dataTransfer.items]
      .map((item) => item.webkitGetAsEntry())
      .filter(Boolean);
    const found = entries.length ? [] : plain.map((file) => ({ file, path: file.name }));
    for (const entry of entries) found.push(...(await walk(entry)));
    input.value = "";
    choose(found);
  });

  const fail = (message) => {
    problem.textContent = message;
    problem.hidden = false;
    progress.hidden = true;
    button.disabled = false;
  };

  const show = (words, done, total) => {
    const percent = total ? Math.floor((100 * done) / total) : 0;
    progress.querySelector("progress").value = percent;
    document.getElementById("upload-percent").textContent = `${words} ${percent} %`;
  };

  const packed = async () => {
    if (files.length === 1) return files[0].file;
    return window.cohortZip(files, (done, total) => show(progress.dataset.packing, done, total));
  };

  form.addEventListener("submit", async (event) => {
    if (!files.length) return; // the server says what is missing
    event.preventDefault();
    problem.hidden = true;
    progress.hidden = false;
    button.disabled = true;

    let file;
    try {
      file = await packed();
    } catch {
      fail(problem.dataset.unreadable);
      return;
    }
    if (!file) {
      fail(problem.dataset.many);
      return;
    }
    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("name", form.elements.name.value);
    data.append("files", file, file.name || "cohort.zip");

    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) show(progress.dataset.sending, sent.loaded, sent.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 200 && request.response) location.assign(request.response.location);
      else fail(request.response?.error || `${request.status} ${request.statusText}`);
    });
    request.addEventListener("error", () => fail(problem.dataset.lost));
    request.send(data);
  });
})();
