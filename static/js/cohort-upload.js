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
    const entries = [...event.dataTransfer.items]
      .map((item) => item.webkitGetAsEntry())
      .filter(Boolean);
    const found = [];
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

  form.addEventListener("submit", (event) => {
    if (!files.length) return; // the server says what is missing
    event.preventDefault();
    problem.hidden = true;
    progress.hidden = false;
    button.disabled = true;

    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("name", form.elements.name.value);
    data.append("paths", JSON.stringify(files.map((one) => one.path)));
    for (const one of files) data.append("files", one.file);

    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      const percent = Math.floor((100 * sent.loaded) / sent.total);
      progress.querySelector("progress").value = percent;
      document.getElementById("upload-percent").textContent = percent;
    });
    request.addEventListener("load", () => {
      if (request.status === 200 && request.response) location.assign(request.response.location);
      else fail(request.response?.error || `${request.status} ${request.statusText}`);
    });
    request.addEventListener("error", () => fail(problem.dataset.lost));
    request.send(data);
  });
})();
