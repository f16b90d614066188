// Sends a cohort in pieces (tus) that outlive a lost line, a server that starts anew
// and a reload of the page. Without this script the form works as any other.
(() => {
  const form = document.getElementById("cohort-upload");
  if (!form || !window.tus?.isSupported) return;
  const words = form.dataset;
  const byId = (id) => document.getElementById(id);
  const problem = byId("upload-error");
  const progress = byId("upload-progress");
  const bar = progress.querySelector("progress");
  const buttons = { send: byId("send"), pause: byId("pause"), resume: byId("resume"), cancel: byId("cancel") };
  const SECOND = 1000;
  // some ten minutes; whatever gets through begins them anew
  const WAITS = [0, 1, 3, 5, 10, ...Array(20).fill(30)].map((seconds) => seconds * SECOND);
  const FULL = 507; // the server's disk

  let files = []; // [{file, path, size, changed}]
  let upload = null;
  let parcel = null;
  let offset = 0;
  let waiting = false; // for the line to come back

  // ---- what the person sees

  const say = (text) => {
    byId("upload-news").textContent = text;
  };

  const fail = (message) => {
    problem.textContent = message;
    problem.hidden = !message;
  };

  const stage = (name) => {
    form.dataset.stage = name;
    const shown = { idle: ["send"], sending: ["pause", "cancel"], paused: ["resume", "cancel"], done: [] }[name];
    for (const [one, button] of Object.entries(buttons)) button.hidden = !shown.includes(one);
    progress.hidden = name === "idle";
    for (const field of form.querySelectorAll("fieldset")) field.disabled = name !== "idle";
  };

  const inWords = (bytes) => {
    const [unit, size] = bytes < 2 ** 30 ? ["MB", 2 ** 20] : ["GB", 2 ** 30];
    const number = new Intl.NumberFormat(document.documentElement.lang, {
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    return `${number.format(bytes / size)} ${unit}`;
  };

  const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const leftInWords = (seconds) => {
    if (seconds < 60) return words.lessThanAMinute;
    const minutes = Math.round(seconds / 60);
    if (minutes < 90) return filled(words.minutesLeft, { minutes });
    return filled(words.hoursLeft, { hours: Math.round(minutes / 60) });
  };

  // Speed over the last ten seconds.
  let marks = []; // [{at, sent}]
  const note = (sent) => {
    const now = performance.now();
    marks = marks.filter((mark) => now - mark.at < 10 * SECOND && mark.sent <= sent);
    marks.push({ at: now, sent });
  };

  const show = () => {
    const [first, last] = [marks[0], marks.at(-1)];
    if (!last) return;
    const total = parcel.size;
    bar.value = last.sent / total;
    const values = { sent: inWords(last.sent), total: inWords(total) };
    const speed = (last.sent - first.sent) / (last.at - first.at || 1);
    if (speed > 0 && last.sent < total) {
      values.left = leftInWords((total - last.sent) / speed / SECOND);
    }
    byId("upload-told").textContent = filled(values.left ? words.sentAndLeft : words.sentOf, values);
  };

  // A line may die without a word: what has said nothing for so long is begun anew.
  const SILENCE = 60 * SECOND;
  let heardAt = 0;
  setInterval(() => {
    if (form.dataset.stage !== "sending" || waiting) return;
    show();
    if (performance.now() - heardAt < SILENCE) return;
    upload.abort();
    start();
  }, SECOND / 2);

  // ---- what is sent

  const looking = (done, all) => {
    files = [];
    buttons.send.disabled = true;
    byId("again").hidden = true;
    byId("chosen").textContent = all ? filled(words.looking, { done, all }) : "";
  };

  const chosen = async (found) => {
    files = found;
    buttons.send.disabled = false;
    if (!files.length) return;
    parcel = window.cohortParcel(files);
    upload = newUpload();
    fail("");
    const size = inWords(files.reduce((sum, one) => sum + one.size, 0));
    const named = files.length === 1 ? files[0].path : filled(words.filesChosen, { files: files.length });
    byId("chosen").textContent = `${named} (${size})`;
    const before = await previous();
    byId("again").hidden = !before;
    const name = form.elements.name;
    if (before && !name.value) name.value = before.metadata.name;
  };

  // Sent for the same end: what was announced of the files then holds, unasked.
  const previous = async () => {
    const { study_type, cohort } = form.elements;
    const fits = ({ metadata }) =>
      metadata.study_type === study_type?.value && metadata.cohort === cohort?.value;
    return (await upload.findPreviousUploads()).filter(fits).pop();
  };

  const token = () =>
    document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || form.elements.csrfmiddlewaretoken.value;

  // Thrown before the library would forget where to go on.
  class LoggedOut extends Error {}

  const newUpload = () =>
    new window.tus.Upload(parcel, {
      endpoint: words.endpoint,
      chunkSize: Number(words.pieceBytes),
      retryDelays: WAITS,
      removeFingerprintOnSuccess: true,
      fingerprint: async () => window.cohortFingerprint(words.person, files),
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", token()),
      onAfterResponse: (_, response) => {
        if (waiting) say("");
        waiting = false;
        heardAt = performance.now();
        if (response.getStatus() === 401) throw new LoggedOut(response.getBody());
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        if (error.causingError instanceof LoggedOut || status === FULL) return false;
        if (status >= 400 && status < 500 && ![409, 423].includes(status)) return false;
        waiting = true;
        marks = [];
        say(words.waiting);
        stopIfUnreadable();
        return true;
      },
      onProgress: (sent) => {
        offset = sent;
        heardAt = performance.now();
        note(sent);
      },
      onError: (error) => {
        waiting = false;
        stage("paused");
        say("");
        fail(error.causingError instanceof LoggedOut ? error.causingError.message : reason(error));
      },
      onSuccess: () => {
        stage("done");
        say(words.done);
        location.assign(upload.url);
      },
    });

  const reason = (error) => {
    const response = error.originalResponse;
    const text = response?.getHeader("Content-Type")?.startsWith("text/plain") && response.getBody();
    return text || (response ? `${response.getStatus()}` : words.lost);
  };

  // A file that was moved or changed looks like a lost line, and never comes back.
  const stopIfUnreadable = async () => {
    const at = Math.min(offset, parcel.size - 1);
    try {
      await parcel.slice(at, at + Number(words.pieceBytes)).arrayBuffer();
    } catch {
      upload.abort();
      stage("paused");
      say("");
      fail(words.unreadable);
    }
  };

  const start = () => {
    fail("");
    say("");
    waiting = false;
    stage("sending");
    marks = [];
    heardAt = performance.now();
    upload.start();
  };

  form.addEventListener("submit", async (event) => {
    if (!files.length) return; // the server says what is missing
    event.preventDefault();
    // finished images have a cohort already; a cohort to be has the other two
    const { name, resampling, study_type, cohort } = form.elements;
    upload.options.metadata = {
      name: name.value,
      ...(resampling && { resampling: resampling.checked ? "1" : "0" }),
      ...(study_type && { study_type: study_type.value }),
      ...(cohort && { cohort: cohort.value }),
    };
    const before = await previous();
    // nobody is asked again what images are called
    const named = !cohort || before?.metadata.name === name.value;
    if (before && named) upload.resumeFromPreviousUpload(before);
    start();
  });

  buttons.pause.addEventListener("click", () => {
    upload.abort();
    stage("paused");
    say(words.paused);
  });
  buttons.resume.addEventListener("click", start);
  buttons.cancel.addEventListener("click", async () => {
    if (!window.confirm(words.confirmCancel)) return;
    try {
      await upload.abort(true);
    } catch {
      fail(words.lost);
      return;
    }
    upload = newUpload();
    bar.value = 0;
    stage("idle");
    byId("again").hidden = true;
    say("");
    byId("cancelled").hidden = false;
  });
  window.addEventListener("online", () => {
    if (!waiting) return;
    upload.abort();
    start();
  });
  window.addEventListener("beforeunload", (event) => {
    if (form.dataset.stage === "sending") event.preventDefault();
  });

  byId("folder-choice").hidden = false;
  window.cohortFiles({
    zone: byId("drop-zone"),
    inputs: [byId("files"), byId("folder")],
    looking,
    chosen,
    unreadable: () => {
      buttons.send.disabled = false;
      fail(words.unreadable);
    },
  });
  stage("idle");
})();
