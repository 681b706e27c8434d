// Reading aloud and drawing a signature. Without this script one reads, and types one's name.

// ------------------------------------------------------------------ read this to me
function aloud(button: HTMLButtonElement): void {
  const text = document.getElementById(button.dataset.readAloud ?? "");
  const words = button.querySelector<HTMLElement>("[data-read-words]");
  if (!text || !words || !("speechSynthesis" in window)) return;
  const read = words.textContent ?? "";
  const stop = button.dataset.wordsStop ?? read;
  const language = text.closest<HTMLElement>("[lang]")?.lang || document.documentElement.lang;
  const quiet = () => {
    speechSynthesis.cancel();
    words.textContent = read;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    if (speechSynthesis.speaking) {
      quiet();
      return;
    }
    words.textContent = stop;
    // One utterance a paragraph: long ones are cut off by some browsers.
    const pieces = [...text.querySelectorAll("h1, h2, p, li")].map((each) => each.textContent?.trim()).filter(Boolean);
    pieces.forEach((piece, number) => {
      const spoken = new SpeechSynthesisUtterance(piece as string);
      spoken.lang = language;
      if (number === pieces.length - 1) spoken.addEventListener("end", () => (words.textContent = read));
      speechSynthesis.speak(spoken);
    });
  });
  addEventListener("pagehide", quiet);
}

// ------------------------------------------------------------------ a drawn signature
const LARGEST = 19_000; // characters; the server takes 20,000

function signature(form: HTMLFormElement): void {
  const canvas = form.querySelector("canvas");
  const field = form.querySelector<HTMLInputElement>("input[name=drawn]");
  const typing = form.querySelector<HTMLElement>("[data-sign-type]");
  const drawing = form.querySelector<HTMLElement>("[data-sign-draw]");
  const pen = canvas?.getContext("2d");
  if (!canvas || !field || !typing || !drawing || !pen) return;
  const to = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    const within = (at: number, size: number, most: number) => Math.min(most, Math.max(0, (at / size) * most));
    return [within(event.clientX - box.left, box.width, 600), within(event.clientY - box.top, box.height, 200)];
  };
  const point = ([x, y]: [number, number]) => `${Number(x.toFixed(1))} ${Number(y.toFixed(1))}`;
  const look = () => {
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 3.5;
    pen.lineCap = pen.lineJoin = "round";
  };
  const draw = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    look();
    if (field.value) pen.stroke(new Path2D(field.value));
  };
  let last: [number, number] | null = null;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || field.value.length > LARGEST) return;
    canvas.setPointerCapture(event.pointerId);
    last = to(event);
    field.value += `M${point(last)}`;
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || field.value.length > LARGEST) return;
    const here = to(event);
    if (Math.hypot(here[0] - last[0], here[1] - last[1]) < 2) return;
    look();
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...here);
    pen.stroke();
    field.value += `L${point(here)}`;
    last = here;
  });
  for (const name of ["pointerup", "pointercancel"] as const) canvas.addEventListener(name, () => (last = null));
  form.querySelector("[data-sign-clear]")?.addEventListener("click", () => {
    field.value = "";
    draw();
  });

  const choose = () => {
    const how = form.querySelector<HTMLInputElement>("input[name=how]:checked")?.value;
    drawing.hidden = how !== "draw";
    typing.hidden = how === "draw";
    if (how === "draw") draw();
  };
  for (const each of form.querySelectorAll("input[name=how]")) each.addEventListener("change", choose);
  choose();
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-read-aloud]")) aloud(button);
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sign]")) signature(form);
